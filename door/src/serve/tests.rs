use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::*;
use crate::router::tests::development;

fn anywhere() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// A door that writes its address to a file of that name, and how to find the address there.
fn told(name: &str) -> (Door, PathBuf) {
    let path = std::env::temp_dir().join(format!("door-{name}-{}", std::process::id()));
    let mut door = development();
    door.http.address_file = Some(path.clone());
    (door, path)
}

async fn address(path: &Path) -> SocketAddr {
    loop {
        if let Ok(text) = std::fs::read_to_string(path) {
            std::fs::remove_file(path).unwrap();
            return text.parse().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn begin(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_finishes_what_it_accepted() {
    let (mut door, file) = told("finishes");
    door.checks = vec![crate::Check::new("slow", || async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        Ok(())
    })];
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(anywhere(), door, async { stopped.await.unwrap() }));
    let address = address(&file).await;
    let mut stream = begin(address, "GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n");
    tokio::time::sleep(Duration::from_millis(50)).await;
    stop.send(()).unwrap();
    let mut answer = String::new();
    let answer = tokio::task::spawn_blocking(move || stream.read_to_string(&mut answer).map(|_| answer));
    let answer = answer.await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn a_client_that_never_finishes_does_not_keep_a_server_from_stopping() {
    let (mut door, file) = told("stops");
    door.http.shutdown_timeout = Duration::from_millis(50);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(anywhere(), door, async { stopped.await.unwrap() }));
    let _stream = begin(address(&file).await, "POST /graphql HTTP/1.1\r\nhost: a\r\n");
    tokio::time::sleep(Duration::from_millis(50)).await;
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), server).await.expect("the server stops").unwrap().unwrap();
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_with_what_to_do() {
    let taken = TcpListener::bind(anywhere()).await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = serve(address, development(), std::future::pending()).await.unwrap_err();
    let remedy = "something listens there already; stop it, or choose another port with --bind";
    assert_eq!(error.to_string(), format!("cannot listen at {address}: {remedy}"));
}
