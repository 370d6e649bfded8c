//! A wire to the server on which the answer to one post gets lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// Carries bytes both ways between 127.0.0.1 and the server. The server gets and serves every request;
/// the answer to the `lost`-th request to post never arrives, the connection breaks instead.
pub async fn relay(server: SocketAddr, lost: u32) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let posts = Arc::new(AtomicU32::new(0));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let posts = Arc::clone(&posts);
            tokio::spawn(async move { carry(client, server, &posts, lost).await });
        }
    });
    address
}

async fn carry(
    mut client: TcpStream,
    server: SocketAddr,
    posts: &AtomicU32,
    lost: u32,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let mut bytes = vec![0; 16 << 10];
    let read = client.read(&mut bytes).await?;
    server.write_all(&bytes[..read]).await?;
    let is_post = bytes.starts_with(b"POST /api/v1/statuses ");
    if !is_post || posts.fetch_add(1, Ordering::SeqCst) + 1 != lost {
        copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    }
    let mut answer = [0; 1];
    loop {
        tokio::select! {
            // The first byte of the answer: what was posted stands. Both connections are dropped.
            _ = server.read(&mut answer) => return Ok(()),
            read = client.read(&mut bytes) => match read? {
                0 => return Ok(()),
                read => server.write_all(&bytes[..read]).await?,
            },
        }
    }
}
