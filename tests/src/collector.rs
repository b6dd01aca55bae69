use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Nobody waits this long for a span unless it does not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A stub of a collector: takes spans over OTLP, and keeps them.
pub struct Collector {
    /// What servers are to be told.
    pub endpoint: String,
    steps: Arc<Mutex<Vec<Step>>>,
}

/// One step of a trace, as a server sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The server.
    pub service: String,
    /// What was done.
    pub name: String,
    /// The trace, in hexadecimal.
    pub trace: String,
    /// The step itself.
    pub id: String,
    /// The step that it is part of; empty for the first of a trace.
    pub parent: String,
    /// The steps that it serves besides.
    pub links: Vec<String>,
    /// Everything that it tells, as text.
    pub told: String,
}

impl Collector {
    /// Listens on a port of its own.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let steps = Arc::default();
        let kept = Arc::clone(&steps);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                // A server that ends breaks its connection off.
                tokio::spawn(async move { drop(take(stream, &kept).await) });
            }
        });
        Self { endpoint, steps }
    }

    /// Waits for a step that is wanted, and returns it.
    pub async fn step(&self, wanted: impl Fn(&Step) -> bool) -> Step {
        let started = Instant::now();
        loop {
            if let Some(step) = self.steps().into_iter().find(|step| wanted(step)) {
                return step;
            }
            assert!(started.elapsed() < PATIENCE, "the step did not come; these did: {:#?}", self.steps());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What came by now.
    pub fn steps(&self) -> Vec<Step> {
        self.steps.lock().expect("nobody panicked").clone()
    }
}

/// Reads requests until the connection ends.
async fn take(stream: TcpStream, steps: &Mutex<Vec<Step>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if let Some(given) = line.to_lowercase().strip_prefix("content-length:") {
                length = given.trim().parse().map_err(io::Error::other)?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let request = ExportTraceServiceRequest::decode(body.as_slice()).map_err(io::Error::other)?;
        steps.lock().expect("nobody panicked").extend(steps_of(request));
        let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await?;
    }
}

fn steps_of(request: ExportTraceServiceRequest) -> Vec<Step> {
    let mut steps = Vec::new();
    for of_server in request.resource_spans {
        let attributes = of_server.resource.map(|resource| resource.attributes).unwrap_or_default();
        let service = attributes.into_iter().find(|attribute| attribute.key == "service.name");
        let service = match service.and_then(|attribute| attribute.value?.value) {
            Some(Value::StringValue(name)) => name,
            _ => String::new(),
        };
        for span in of_server.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            steps.push(Step {
                service: service.clone(),
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                links: span.links.iter().map(|link| hex(&link.span_id)).collect(),
                told: format!("{:?} {:?}", span.attributes, span.events),
                name: span.name,
            });
        }
    }
    steps
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
