//! Changes of what web pages and hosts were seen to say.

use super::{Batch, TreeName, Write, keys};
use crate::model::proof::{HostSight, PageSight};
use crate::model::site::SiteSight;

impl Batch {
    /// Replaces what the same address showed before, also if it was read as another kind of page.
    pub fn put_page(&mut self, page: PageSight) {
        self.put(TreeName::Pages, keys::text(&page.url), &page);
    }

    pub fn remove_page(&mut self, url: &str) {
        self.writes.push(Write::Remove { tree: TreeName::Pages, key: keys::text(url) });
    }

    /// Replaces what the same address showed before.
    pub fn put_site(&mut self, site: SiteSight) {
        self.put(TreeName::Sites, keys::text(&site.url), &site);
    }

    pub fn remove_site(&mut self, url: &str) {
        self.writes.push(Write::Remove { tree: TreeName::Sites, key: keys::text(url) });
    }

    /// Replaces what the same host answered to the same question before.
    pub fn put_host(&mut self, sight: HostSight) {
        self.put(TreeName::Hosts, keys::host(&sight), &sight);
    }

    pub fn remove_host(&mut self, sight: &HostSight) {
        self.writes.push(Write::Remove { tree: TreeName::Hosts, key: keys::host(sight) });
    }
}
