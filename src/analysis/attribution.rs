//! Temporary.
use crate::model::observation::Profile;
use crate::model::outlet::Outlet;
use crate::model::watchlist::Watchlist;
pub fn names_as_source(profile: &Profile, outlet: &Outlet, _watchlist: &Watchlist) -> bool {
    crate::analysis::resemblance::name_borne(&profile.note, outlet).is_some()
}
