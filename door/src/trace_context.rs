//! Where a request stands in a trace, as W3C Trace Context writes it: <https://www.w3.org/TR/trace-context/>.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// One step of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext {
    /// The trace; never 0.
    pub(crate) trace: u128,
    /// The step; never 0.
    pub(crate) span: u64,
    /// Whether whoever took the step may have recorded it.
    pub(crate) sampled: bool,
}

/// Our step in a trace, and that of whoever called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) ours: TraceContext,
    pub(crate) caller: Option<TraceContext>,
}

impl TraceContext {
    /// The caller's step, from its `traceparent` header; none where there is none, or it is not sound.
    pub(crate) fn given(headers: &HeaderMap) -> Option<Self> {
        let mut parts = headers.get(TRACEPARENT)?.to_str().ok()?.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (version, flags) = (hex(version, 2)?, hex(flags, 2)?);
        // Later versions may say more after the flags; version ff is none.
        let known = (version == 0 && parts.next().is_none()) || (version != 0 && version != 0xff);
        let (trace, span) = (hex(trace, 32)?, u64::try_from(hex(span, 16)?).ok()?);
        let sampled = flags & 1 == 1;
        (known && trace != 0 && span != 0).then_some(Self { trace, span, sampled })
    }

    /// Our step under this fresh id, which nothing records: within the caller's trace, or in one of its own.
    pub(crate) fn unrecorded(caller: Option<Self>, id: Uuid) -> Self {
        let (_, low) = id.as_u64_pair();
        Self { trace: caller.map_or(id.as_u128(), |caller| caller.trace), span: low, sampled: false }
    }

    /// The trace, as it stands in logs and headers.
    pub(crate) fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The header that tells of this step.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(self.to_string()).ok()
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

/// A number of so many digits, which must be lower case.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let sound = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    sound.then(|| u128::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn given(value: &str) -> Option<TraceContext> {
        TraceContext::given(&HeaderMap::from_iter([(TRACEPARENT, value.parse().unwrap())]))
    }

    #[test]
    fn a_trace_is_followed_when_its_header_is_sound() {
        let context = given(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        assert_eq!(context.trace_id(), TRACE);
        assert_eq!((context.span, context.sampled), (0x00f0_67aa_0ba9_02b7, true));
        assert_eq!(given(&format!("cc-{TRACE}-00f067aa0ba902b7-00-later")).unwrap().trace, context.trace);
    }

    #[test]
    fn a_trace_is_not_followed_when_its_header_is_not_sound() {
        for wrong in [
            "",
            "00-4bf9-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert_eq!(given(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn our_step_keeps_the_callers_trace_and_is_a_step_of_its_own() {
        let caller = given(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        let ours = TraceContext::unrecorded(Some(caller), Uuid::from_u128(0x1234));
        assert_eq!(ours.header().unwrap(), &*format!("00-{TRACE}-0000000000001234-00"));
        let alone = TraceContext::unrecorded(None, Uuid::from_u128(0x1234));
        assert_eq!(alone.trace, 0x1234);
    }
}
