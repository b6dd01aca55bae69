//! A request on its connection: who waits for whom, until the last of its answer is handed over.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::service::{HttpService, service_fn};
use tower::ServiceExt;

use super::pulse::Pulse;
use crate::peer::Peer;

/// The routes, as one connection serves them.
pub(super) fn service(
    router: Router,
    pulse: Arc<Pulse>,
    peer: Peer,
) -> impl HttpService<Incoming, ResBody = Answer, Error = Infallible, Future: Send> + Send {
    service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let turn = Turn::begin(Arc::clone(&pulse));
        let answered = router.clone().oneshot(request.map(Body::new));
        async move { Ok::<_, Infallible>(turn.answer(answered.await?)) }
    })
}

/// Whose turn it is; nobody's any more once it is dropped.
struct Turn {
    pulse: Arc<Pulse>,
    ours: bool,
}

impl Turn {
    fn begin(pulse: Arc<Pulse>) -> Self {
        pulse.asked();
        Self { pulse, ours: true }
    }

    fn turn(&mut self, ours: bool) {
        if self.ours != ours {
            self.ours = ours;
            self.pulse.turned(ours);
        }
    }

    fn answer(mut self, response: Response<Body>) -> Response<Answer> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.pulse.upgraded();
        }
        self.turn(false);
        response.map(|body| Answer { body, turn: self })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.pulse.done(self.ours);
    }
}

/// The body of an answer: asked for its next part, the former was taken.
pub(super) struct Answer {
    body: Body,
    turn: Turn,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let part = Pin::new(&mut self.body).poll_frame(context);
        self.turn.turn(part.is_pending());
        part
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
