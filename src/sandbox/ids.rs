//! Ids as server families make them: each holds its time, so that a status is found again from its id alone.

use chrono::{DateTime, Utc};

/// How a server numbers accounts and statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// Mastodon: milliseconds, then 16 bits of sequence, in decimal.
    Snowflake,
    /// GoToSocial: a ULID, 48 bits of milliseconds and 80 of chance, in Crockford's base 32.
    Ulid,
    /// Misskey (aidx): milliseconds since 2000 in eight digits of base 36, then eight more of chance.
    Aidx,
    /// Takahe: milliseconds since 2022, then 22 bits, 18 decimal digits beyond 2^53.
    Takahe,
}

/// An id on one server; later statuses have larger ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalId(pub u128);

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BASE_36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// 2000-01-01T00:00:00Z in milliseconds, and the number of ids that one of them has.
const AIDX_EPOCH: i64 = 946_684_800_000;
const AIDX_CHANCE: u128 = 36_u128.pow(8);
/// 2022-01-01T00:00:00Z in milliseconds.
const TAKAHE_EPOCH: i64 = 1_640_995_200_000;

impl IdKind {
    /// The id of something made at this time; `salt` tells things of one millisecond apart.
    pub fn make(self, at: DateTime<Utc>, salt: u64) -> LocalId {
        let millis = at.timestamp_millis().max(TAKAHE_EPOCH);
        LocalId(match self {
            IdKind::Snowflake => (millis as u128) << 16 | u128::from(salt & 0xffff),
            IdKind::Ulid => (millis as u128) << 80 | u128::from(salt) << 16 | u128::from(salt >> 48),
            IdKind::Aidx => (millis - AIDX_EPOCH) as u128 * AIDX_CHANCE + u128::from(salt) % AIDX_CHANCE,
            IdKind::Takahe => ((millis - TAKAHE_EPOCH) as u128) << 22 | u128::from(salt & 0x3f_ffff),
        })
    }

    pub fn text(self, id: LocalId) -> String {
        match self {
            IdKind::Ulid => {
                (0..26).rev().map(|place| CROCKFORD[(id.0 >> (place * 5)) as usize & 31] as char).collect()
            }
            IdKind::Aidx => (0..16)
                .rev()
                .map(|place| BASE_36[(id.0 / 36_u128.pow(place) % 36) as usize] as char)
                .collect(),
            IdKind::Snowflake | IdKind::Takahe => id.0.to_string(),
        }
    }

    /// Reads an id as this server writes it; `None` for anything else.
    pub fn read(self, text: &str) -> Option<LocalId> {
        match self {
            IdKind::Ulid if text.len() == 26 => text
                .bytes()
                .try_fold(0_u128, |sum, byte| {
                    let value = CROCKFORD.iter().position(|letter| *letter == byte.to_ascii_uppercase())?;
                    sum.checked_mul(32)?.checked_add(value as u128)
                })
                .map(LocalId),
            IdKind::Ulid => None,
            IdKind::Aidx => u128::from_str_radix(text, 36).ok().filter(|_| text.len() == 16).map(LocalId),
            IdKind::Snowflake | IdKind::Takahe => text.parse::<u64>().ok().map(|id| LocalId(id.into())),
        }
    }

    /// When the thing with this id was made, to the millisecond.
    pub fn made_at(self, id: LocalId) -> Option<DateTime<Utc>> {
        let millis = match self {
            IdKind::Snowflake => i64::try_from(id.0 >> 16).ok()?,
            IdKind::Ulid => i64::try_from(id.0 >> 80).ok()?,
            IdKind::Aidx => i64::try_from(id.0 / AIDX_CHANCE).ok()?.checked_add(AIDX_EPOCH)?,
            IdKind::Takahe => i64::try_from(id.0 >> 22).ok()?.checked_add(TAKAHE_EPOCH)?,
        };
        DateTime::from_timestamp_millis(millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_keeps_its_time_and_sorts_by_it() {
        let at: DateTime<Utc> = "2026-11-02T08:00:00.123Z".parse().unwrap();
        for kind in [IdKind::Snowflake, IdKind::Ulid, IdKind::Aidx, IdKind::Takahe] {
            let id = kind.make(at, u64::MAX - 5);
            assert_eq!(kind.read(&kind.text(id)), Some(id), "{kind:?}");
            assert_eq!(kind.made_at(id), Some(at), "{kind:?}");
            assert!(kind.make(at + chrono::Duration::milliseconds(1), 0) > id, "{kind:?}");
        }
        assert_eq!(IdKind::Takahe.text(IdKind::Takahe.make(at, 0)).len(), 18);
        assert_eq!(IdKind::Ulid.text(IdKind::Ulid.make(at, 0)).len(), 26);
        assert_eq!(IdKind::Aidx.text(IdKind::Aidx.make(at, 0)).len(), 16);
    }

    #[test]
    fn a_foreign_id_is_none() {
        assert_eq!(IdKind::Ulid.read("115480000000000000"), None);
        assert_eq!(IdKind::Ulid.read("ZZZZZZZZZZZZZZZZZZZZZZZZZZ"), None);
        assert_eq!(IdKind::Snowflake.read("01ARZ3NDEKTSV4RRFFQ69G5FAV"), None);
    }
}
