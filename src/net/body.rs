//! Bodies: read with an eye on size, speed and bombs.
//!
//! The HTTP client could decompress by itself, but then nobody would know how much came over the wire,
//! so neither the ratio nor the day's budget could be held. We unpack, chunk by chunk, into a sink that
//! refuses to grow.

use std::io::{self, Write};
use std::time::Duration;

use brotli_decompressor::{BrotliDecoderParameter, DecompressorWriter};
use flate2::write::MultiGzDecoder;
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use tokio::time::{Instant, timeout_at};

use super::error::{Cap, excerpt};

/// What [`Unpacker`] understands, for `Accept-Encoding`.
pub(super) const ENCODINGS: &str = "gzip, br";

/// A body may unpack to so many times its size.
const HIGHEST_RATIO: usize = 100;
/// The ratio of a body that unpacks to less than this does not matter.
const RATIO_FLOOR: usize = 64 << 10;
/// A body must bring so many bytes a second over [`Limits::stall`].
const SLOWEST: f64 = 1024.0;
/// Brotli's output goes to the sink in pieces of this size.
const BROTLI_BUFFER: usize = 16 << 10;

/// What one body may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes after decompression.
    pub bytes: usize,
    pub beyond: Beyond,
    /// For the whole body.
    pub whole: Duration,
    /// The span over which it must not be too slow.
    pub stall: Duration,
}

/// What becomes of a body that is larger than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// It is a fault.
    Refuse,
    /// Its front is enough.
    Cut,
}

/// Why a body was not read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    TooLarge(Cap),
    TooSlow(String),
    Broken(String),
}

/// A body, or the fault, and what came over the wire for it.
#[derive(Debug)]
pub(super) struct Reading {
    pub bytes: Result<Vec<u8>, Fault>,
    pub received: u64,
}

/// Reads the body of an answer.
pub(super) async fn read(response: &mut Response, limits: Limits) -> Reading {
    let mut unpacker = match Unpacker::new(response.headers(), limits.bytes) {
        Ok(unpacker) => unpacker,
        Err(fault) => return Reading { bytes: Err(fault), received: 0 },
    };
    let announced = response.content_length().unwrap_or(0);
    if limits.beyond == Beyond::Refuse && announced > limits.bytes as u64 {
        let bytes = Err(Fault::TooLarge(Cap::Bytes(limits.bytes as u64)));
        return Reading { bytes, received: 0 };
    }
    let drained = drain(response, &mut unpacker, limits).await;
    let received = unpacker.received as u64;
    let bytes = match drained {
        Ok(()) => unpacker.finish(),
        Err(Fault::TooLarge(_)) if limits.beyond == Beyond::Cut => Ok(unpacker.take()),
        Err(fault) => Err(fault),
    };
    Reading { bytes, received }
}

async fn drain(response: &mut Response, unpacker: &mut Unpacker, limits: Limits) -> Result<(), Fault> {
    let end = Instant::now() + limits.whole;
    let enough = (limits.stall.as_secs_f64() * SLOWEST) as usize;
    let mut window_end = Instant::now() + limits.stall;
    let mut window_from = 0;
    loop {
        match timeout_at(end.min(window_end), response.chunk()).await {
            Ok(Ok(Some(chunk))) => unpacker.push(&chunk)?,
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(Fault::Broken(innermost(&error))),
            Err(_) if Instant::now() >= end => {
                return Err(Fault::TooSlow("the whole of it is not there in time".to_owned()));
            }
            Err(_) if unpacker.received - window_from < enough => {
                return Err(Fault::TooSlow(format!("less than 1 KiB/s over {:?}", limits.stall)));
            }
            Err(_) => {
                window_end = Instant::now() + limits.stall;
                window_from = unpacker.received;
            }
        }
    }
}

/// The message at the bottom of an error, which says what happened; those above say where.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    excerpt(&error.to_string())
}

/// Takes a body as it comes and unpacks it.
struct Unpacker {
    decoder: Decoder,
    /// Bytes that came over the wire.
    received: usize,
    limit: usize,
}

enum Decoder {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
    Brotli(Box<DecompressorWriter<Sink>>),
}

impl Unpacker {
    fn new(headers: &HeaderMap, limit: usize) -> Result<Unpacker, Fault> {
        let sink = Sink { bytes: Vec::new(), limit, by_ratio: RATIO_FLOOR, over: None };
        let encoding = headers.get(CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
        let decoder = match encoding.as_deref().unwrap_or_default() {
            b"" | b"identity" => Decoder::Plain(sink),
            b"gzip" | b"x-gzip" => Decoder::Gzip(Box::new(MultiGzDecoder::new(sink))),
            b"br" => {
                let mut decoder = DecompressorWriter::new(sink, BROTLI_BUFFER);
                // HTTP has no windows beyond 16 MiB (RFC 7932), and one of 1 GiB would be ours to allocate.
                decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
                Decoder::Brotli(Box::new(decoder))
            }
            other => {
                let other = excerpt(&String::from_utf8_lossy(other));
                return Err(Fault::Broken(format!("it is packed as `{other}`; asked for was {ENCODINGS}")));
            }
        };
        Ok(Unpacker { decoder, received: 0, limit })
    }

    fn push(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        self.received += chunk.len();
        self.sink().by_ratio = self.received.saturating_mul(HIGHEST_RATIO).max(RATIO_FLOOR);
        let written = match &mut self.decoder {
            Decoder::Plain(sink) => sink.write_all(chunk),
            Decoder::Gzip(decoder) => decoder.write_all(chunk),
            Decoder::Brotli(decoder) => decoder.write_all(chunk),
        };
        written.map_err(|error| self.fault(&error))?;
        // A stream may unpack to nothing and go on for ever.
        if self.received > self.limit { Err(Fault::TooLarge(Cap::Bytes(self.limit as u64))) } else { Ok(()) }
    }

    fn finish(mut self) -> Result<Vec<u8>, Fault> {
        let finished = match &mut self.decoder {
            // An answer without a body may still name an encoding.
            _ if self.received == 0 => Ok(()),
            Decoder::Plain(_) => Ok(()),
            Decoder::Gzip(decoder) => decoder.try_finish(),
            Decoder::Brotli(decoder) => decoder.close(),
        };
        finished.map_err(|error| self.fault(&error))?;
        Ok(self.take())
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sink().bytes)
    }

    fn sink(&mut self) -> &mut Sink {
        match &mut self.decoder {
            Decoder::Plain(sink) => sink,
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Brotli(decoder) => decoder.get_mut(),
        }
    }

    fn fault(&mut self, error: &io::Error) -> Fault {
        match self.sink().over {
            Some(cap) => Fault::TooLarge(cap),
            None => Fault::Broken(format!("it cannot be unpacked: {error}")),
        }
    }
}

/// Where unpacked bytes go; it takes what fits and then fails.
struct Sink {
    bytes: Vec<u8>,
    limit: usize,
    by_ratio: usize,
    over: Option<Cap>,
}

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let room = self.limit.min(self.by_ratio).saturating_sub(self.bytes.len());
        if piece.len() > room {
            self.bytes.extend_from_slice(&piece[..room]);
            let cap = if self.bytes.len() >= self.limit {
                Cap::Bytes(self.limit as u64)
            } else {
                Cap::Ratio(HIGHEST_RATIO as u64)
            };
            self.over = Some(cap);
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    /// 32 MiB of zeros, packed by brotli into a few bytes.
    const BROTLI_BOMB: &[u8] = include_bytes!("../../tests/net/zeros.br");

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(encoding: &'static str, limit: usize, wire: &[u8]) -> Result<Vec<u8>, Fault> {
        let headers = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(encoding))]);
        let mut unpacker = Unpacker::new(&headers, limit)?;
        for chunk in wire.chunks(1000) {
            unpacker.push(chunk)?;
        }
        unpacker.finish()
    }

    #[test]
    fn bodies_are_unpacked_up_to_the_limit_and_not_beyond() {
        let text: Vec<u8> = (0..60_000).flat_map(|n| format!("{n} ").into_bytes()).collect();
        let packed = gzip(&text);
        assert!(unpack("gzip", text.len(), &packed).as_ref() == Ok(&text));
        assert!(unpack("X-GZIP", text.len(), &packed).as_ref() == Ok(&text));
        assert!(unpack("identity", text.len(), &text).as_ref() == Ok(&text));
        let less = text.len() - 1;
        for (encoding, wire) in [("gzip", &packed), ("", &text)] {
            assert_eq!(
                unpack(encoding, less, wire),
                Err(Fault::TooLarge(Cap::Bytes(less as u64))),
                "{encoding}"
            );
        }
    }

    #[test]
    fn bombs_are_stopped_by_their_ratio() {
        let packed = gzip(&vec![0; 4 << 20]);
        assert!(packed.len() < 5000, "{}", packed.len());
        assert_eq!(unpack("gzip", 4 << 20, &packed), Err(Fault::TooLarge(Cap::Ratio(100))));
        assert_eq!(unpack("br", 64 << 20, BROTLI_BOMB), Err(Fault::TooLarge(Cap::Ratio(100))));
    }

    /// Every member is empty, so nothing ever comes out of it.
    #[test]
    fn a_stream_that_unpacks_to_nothing_ends_at_the_limit() {
        let empty = gzip(b"");
        let endless = empty.repeat(1000);
        assert_eq!(unpack("gzip", 10_000, &endless), Err(Fault::TooLarge(Cap::Bytes(10_000))));
    }

    #[test]
    fn what_cannot_be_unpacked_is_broken() {
        let packed = gzip(b"some text that is not very long");
        for (encoding, wire) in [
            ("gzip", &b"<html>"[..]),
            ("gzip", &packed[..packed.len() - 3]),
            ("br", &b"\xff\xff\xff\xff"[..]),
            ("br", &BROTLI_BOMB[..4]),
            ("zstd", &b""[..]),
            ("gzip, br", &b""[..]),
        ] {
            assert!(matches!(unpack(encoding, 1 << 20, wire), Err(Fault::Broken(_))), "{encoding} {wire:?}");
        }
        assert_eq!(unpack("gzip", 10, b""), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn no_bytes_lead_to_a_panic(
            wire in prop::collection::vec(any::<u8>(), 0..400),
            encoding in prop::sample::select(vec!["gzip", "br", ""]),
            flip in any::<prop::sample::Index>(),
        ) {
            let _ = unpack(encoding, 1000, &wire);
            let mut packed = gzip(&wire);
            let place = flip.index(packed.len());
            packed[place] ^= 0x55;
            let _ = unpack("gzip", 1000, &packed);
            let mut bomb = BROTLI_BOMB.to_vec();
            let place = flip.index(bomb.len());
            bomb[place] = bomb[place].wrapping_add(wire.len() as u8);
            let _ = unpack("br", 1000, &bomb);
        }
    }
}
