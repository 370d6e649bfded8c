//! The home server: whose account posts, what the server accepts, and what roots answer.

use secrecy::ExposeSecret as _;

use super::speaker::{Claimant, Objection};
use super::vitals::{HomeLost, HomeSeen};
use super::{Newsroom, user_agent};
use crate::analysis::measure::Limits;
use crate::config::Config;
use crate::publish::home::{self, HomeError, Instance};
use crate::publish::outbox::{Outbox, OutboxError};
use crate::publish::receipt::OwnStatus;
use crate::store::StoreError;

/// What the home server told, kept as long as the account and its settings are the same.
#[derive(Debug, Clone)]
pub struct AtHome {
    pub outbox: Outbox,
    pub instance: Instance,
    /// Id there of the standing post that digests answer.
    pub reply_to: Option<String>,
    /// Our newest posts as they stood when we asked.
    pub newest: Vec<OwnStatus>,
    pub seen: HomeSeen,
}

/// What the home server tells, asked once.
pub async fn at_home(room: &Newsroom) -> Result<AtHome, HomeTrouble> {
    let mut known = room.at_home.lock().await;
    match &*known {
        Some(at_home) => Ok(at_home.clone()),
        None => {
            let at_home = known.insert(ask_home(room).await?);
            let HomeSeen { who, max_characters, .. } = &at_home.seen;
            tracing::info!(account = %who, limit = max_characters, "posting is ready");
            Ok(at_home.clone())
        }
    }
}

/// What the home server said about the length of posts and more, as far as it was asked already.
pub async fn known_limits(room: &Newsroom) -> Limits {
    room.at_home.lock().await.as_ref().map_or_else(Limits::default, |at_home| at_home.instance.limits)
}

/// Whether another configuration posts from the same account, to the same place, under the same name.
pub fn is_same(one: &Config, other: &Config) -> bool {
    let account = |config: &Config| {
        let publish = config.publish.as_ref()?;
        Some((publish.server.clone(), publish.token.expose_secret().to_owned()))
    };
    account(one) == account(other)
        && one.fediverse.reply_to == other.fediverse.reply_to
        && one.contact == other.contact
}

/// Why the home server cannot be posted to.
#[derive(Debug, thiserror::Error)]
pub enum HomeTrouble {
    #[error("posting is off")]
    Off,
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error("[publish.fediverse] reply_to: {0}")]
    ReplyTo(OutboxError),
    #[error("our own posts: {0}")]
    Own(OutboxError),
    /// Another account than the one that posted what was said, or an outlet's: nothing is posted as it.
    #[error("{0}")]
    WrongAccount(Objection),
    #[error("whose account it is cannot be read in the store: {0}")]
    Unsure(StoreError),
    /// A post of ours that no record of ours explains.
    #[error("safe mode: {0}")]
    Stranger(String),
}

/// Lets the network hear what time it is there, whatever else is answered.
pub async fn hear_the_time(room: &Newsroom) {
    if let Some(publish) = &room.config.publish {
        let _ = home::instance(&room.net, &publish.server).await;
    }
}

/// Asks the home server anew; the vitals remember how that went.
pub async fn ask_home(room: &Newsroom) -> Result<AtHome, HomeTrouble> {
    let is_first = room.vitals.recall().home.is_none();
    let asked = ask(room).await;
    let now = room.config.clock.now();
    match &asked {
        Ok(at_home) => room.vitals.home(Ok(at_home.seen.clone()), now),
        // Nobody asked for it.
        Err(HomeTrouble::Off) => {}
        Err(trouble) => {
            let is_denial = matches!(trouble, HomeTrouble::Home(HomeError::Denied { .. }));
            room.vitals.home(Err(HomeLost { why: trouble.to_string(), is_denial }), now);
        }
    }
    // What was not known before is shown, and told if it is a trouble, at once.
    if is_first && room.vitals.recall().home.is_some() {
        room.wake();
    }
    asked
}

async fn ask(room: &Newsroom) -> Result<AtHome, HomeTrouble> {
    let Some(publish) = &room.config.publish else { return Err(HomeTrouble::Off) };
    // megalodon goes its own way to the network, and no other place knows that it is under way.
    let _work = room.config.clock.work();
    let (server, token) = (&publish.server, &publish.token);
    let instance = home::instance(&room.net, server).await?;
    let agent = user_agent(&room.config);
    let own = match home::verify(server, token, instance.family, &room.config.hosts, &agent).await {
        Err(HomeError::Broken { .. } | HomeError::Panicked { .. }) => {
            home::verify_leniently(&room.net, server, token).await?
        }
        verified => verified?,
    };
    if !own.is_bot {
        tracing::warn!(account = %own.url, "the account that posts is not marked as a bot, which the fediverse expects");
    }
    let outbox = Outbox::new(room.net.clone(), server.clone(), token.clone(), own.id.clone());
    let reply_to = match &room.config.fediverse.reply_to {
        Some(url) => Some(outbox.resolve(url).await.map_err(HomeTrouble::ReplyTo)?),
        None => None,
    };
    let newest = outbox.own_since(room.config.clock.now()).await.map_err(HomeTrouble::Own)?;
    let seen = HomeSeen {
        is_bot: own.is_bot,
        who: Claimant::new(server, instance.domain.clone(), own),
        max_characters: instance.limits.max_characters,
        version: instance.version.clone(),
    };
    Ok(AtHome { outbox, instance, reply_to, newest, seen })
}
