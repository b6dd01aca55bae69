//! Server-sent events, taken from a stream of bytes.

/// What has arrived and was not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Arrived(Vec<u8>);

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerSent {
    /// Its name.
    pub(crate) event: String,
    /// Its data, lines and all.
    pub(crate) data: String,
}

impl Arrived {
    /// More bytes, which may end anywhere.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        // Lines may end with CR LF; JSON holds no bare CR.
        self.0.extend(bytes.iter().filter(|byte| **byte != b'\r'));
    }

    /// The next event that has arrived whole. Comments, which only show that the server is there, are passed over.
    pub(crate) fn take(&mut self) -> Option<ServerSent> {
        loop {
            let end = self.0.windows(2).position(|pair| pair == b"\n\n")?;
            let block: Vec<u8> = self.0.drain(..end + 2).collect();
            let event = parse(&String::from_utf8_lossy(&block));
            if event != ServerSent::default() {
                return Some(event);
            }
        }
    }
}

fn parse(block: &str) -> ServerSent {
    let mut event = ServerSent::default();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event.event),
            "data" if event.data.is_empty() => value.clone_into(&mut event.data),
            "data" => event.data = format!("{}\n{value}", event.data),
            _ => {}
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = ":\n\nevent: next\ndata: {\"naam\":\"Zoë\"}\n\n:\n\nevent: next\r\ndata: 1\r\ndata: 2\r\n\r\nevent: complete\ndata:\n\n";

    fn all(chunks: impl IntoIterator<Item = Vec<u8>>) -> Vec<ServerSent> {
        let mut arrived = Arrived::default();
        let mut events = Vec::new();
        for chunk in chunks {
            arrived.push(&chunk);
            events.extend(std::iter::from_fn(|| arrived.take()));
        }
        events
    }

    #[test]
    fn events_are_told_and_comments_are_not() {
        let event = |event: &str, data: &str| ServerSent { event: event.to_owned(), data: data.to_owned() };
        let expected = [event("next", "{\"naam\":\"Zoë\"}"), event("next", "1\n2"), event("complete", "")];
        assert_eq!(all([STREAM.as_bytes().to_vec()]), expected);
    }

    #[test]
    fn what_has_not_arrived_whole_is_not_told() {
        assert_eq!(all([b"event: next\ndata: {\n".to_vec()]), []);
    }

    proptest! {
        #[test]
        fn where_the_network_cuts_does_not_matter(size in 1..40_usize) {
            let cut = all(STREAM.as_bytes().chunks(size).map(<[u8]>::to_vec));
            prop_assert_eq!(cut, all([STREAM.as_bytes().to_vec()]));
        }
    }
}
