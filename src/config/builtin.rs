//! The watchlist files that ship inside the program.

/// Name and text of every file in `watchlist/`; a test compares the list with the folder.
pub(super) const FILES: &[(&str, &str)] = &[
    ("br.toml", include_str!("../../watchlist/br.toml")),
    ("bw.toml", include_str!("../../watchlist/bw.toml")),
    ("by.toml", include_str!("../../watchlist/by.toml")),
    ("cn.toml", include_str!("../../watchlist/cn.toml")),
    ("cu.toml", include_str!("../../watchlist/cu.toml")),
    ("de.toml", include_str!("../../watchlist/de.toml")),
    ("exempt.toml", include_str!("../../watchlist/exempt.toml")),
    ("hk.toml", include_str!("../../watchlist/hk.toml")),
    ("ir.toml", include_str!("../../watchlist/ir.toml")),
    ("kp.toml", include_str!("../../watchlist/kp.toml")),
    ("la.toml", include_str!("../../watchlist/la.toml")),
    ("mirrors.toml", include_str!("../../watchlist/mirrors.toml")),
    ("ni.toml", include_str!("../../watchlist/ni.toml")),
    ("nz.toml", include_str!("../../watchlist/nz.toml")),
    ("operators.toml", include_str!("../../watchlist/operators.toml")),
    ("ru.toml", include_str!("../../watchlist/ru.toml")),
    ("sy.toml", include_str!("../../watchlist/sy.toml")),
    ("tr.toml", include_str!("../../watchlist/tr.toml")),
    ("us.toml", include_str!("../../watchlist/us.toml")),
    ("ve.toml", include_str!("../../watchlist/ve.toml")),
    ("vn.toml", include_str!("../../watchlist/vn.toml")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/watchlist");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort();
        let embedded: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(there, embedded);
    }
}
