//! Encodings: foreign bytes as text, whatever they say of themselves.
//!
//! Many feeds and pages declare one encoding and send another.

use encoding_rs::Encoding;

/// The front of a text in which it says its encoding: an XML declaration, or a `<meta>` as browsers look for it.
const FRONT_BYTES: usize = 1_024;

/// The text of a page or feed. Encodings are tried in this order: the mark at the start, UTF-8 (which no text in
/// another encoding passes for by chance), what HTTP says, what it says itself. Bytes that fit none are
/// replaced.
pub(super) fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let front = String::from_utf8_lossy(&bytes[..bytes.len().min(FRONT_BYTES)]).into_owned();
    let labels = [
        content_type.and_then(|text| value_of(text, "charset")),
        value_of(&front, "encoding"),
        value_of(&front, "charset"),
    ];
    let encodings: Vec<&'static Encoding> =
        labels.into_iter().flatten().filter_map(|label| Encoding::for_label(label.as_bytes())).collect();
    let whole = encodings.iter().find_map(|encoding| {
        encoding.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
    });
    whole.unwrap_or_else(|| {
        let encoding = encodings.first().copied().unwrap_or(encoding_rs::UTF_8);
        encoding.decode_without_bom_handling(bytes).0.into_owned()
    })
}

/// The value after `name=`, with or without quotes.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = text.to_ascii_lowercase().find(&format!("{name}="))?;
    let value = text[at + name.len() + 1..].trim_start_matches(['"', '\'']);
    value
        .split(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c)))
        .next()
        .filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_the_encoding_it_is_in_whatever_it_declares() {
        let (gbk, _, _) = encoding_rs::GBK.encode("新华社");
        let declared = |name: &str| format!("<?xml version=\"1.0\" encoding=\"{name}\"?><t>").into_bytes();
        let with = |name: &str, bytes: &[u8]| [declared(name), bytes.to_vec()].concat();
        for (bytes, content_type) in [
            (with("GB2312", &gbk), None),
            (with("gbk", &gbk), Some("text/xml; charset=utf-8")),
            (with("utf-8", &gbk), Some("text/xml;charset=GBK")),
            (with("gb2312", "新华社".as_bytes()), Some("text/xml; charset=gb2312")),
            ([b"<meta charset=\"gbk\"><title>", gbk.as_ref()].concat(), Some("text/html")),
        ] {
            assert!(decode(&bytes, content_type).ends_with("新华社"), "{content_type:?}");
        }
        assert_eq!(decode(b"\xff\xfe<\0t\0>\0", None), "<t>");
        assert_eq!(decode(b"a\xffb", None), "a\u{fffd}b");
    }
}
