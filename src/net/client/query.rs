//! Questions asked by POST, as interfaces want them that read what is asked from the body.

use secrecy::SecretString;
use serde_json::Value;

use super::{Net, Order, Purse, fetched};
use crate::net::body::Beyond;
use crate::net::gate::Standing;
use crate::net::{BodyKind, Content, FetchError, Fetched, Method, Outgoing};

impl Net {
    /// Asks one question. No redirect is followed and nothing is tried again; what such an interface says of a
    /// question that it does not answer stands in the body of a 4xx, which is an answer here.
    ///
    /// # Errors
    /// As those of [`Net::get`] where the host refuses us (401, 403: this kind of question then rests for six hours),
    /// wants us to wait (429), has trouble of its own (5xx), or sends us elsewhere.
    pub async fn query(
        &self,
        url: &str,
        question: Value,
        token: Option<&SecretString>,
    ) -> Result<Fetched, FetchError> {
        let road = &self.0;
        let _work = road.clock.work();
        let outgoing = Outgoing {
            method: Method::Post,
            token: token.cloned(),
            body: Some(Content::Json(question)),
            ..Outgoing::get(url)
        };
        let target = super::Target::parse(url, &road.config)?;
        road.gate.denied(&target, Standing::of(token), road.clock.now())?;
        let order = Order::of(BodyKind::Json, None, &road.config.timeouts);
        let (target, mut answer) = road.hand_over(&outgoing, BodyKind::Json).await?;
        let left = order.whole.saturating_sub(answer.took);
        let status = answer.response.status().as_u16();
        let is_answer = matches!(status, 200..=299 | 400 | 404 | 405 | 410 | 422);
        if !is_answer {
            return Err(road.complaint(&target, token, answer, Order { whole: left, ..order }).await);
        }
        let limits = road.limits(order.limit, Beyond::Refuse, left);
        let body = road.read(&target, &mut answer, limits, Purse::Domain).await?;
        Ok(fetched(target.url, &answer.response, answer.heard_at, body))
    }
}
