//! The door of the pages: so many readers at a time, and none who says nothing.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

/// Behind a proxy a few are enough; each costs a file descriptor, of which a process usually has 1024.
const MOST: usize = 256;
/// A reader from whom nothing comes for so long is sent away, in real time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Lets readers in, as many as there is room for; the others wait outside.
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    room: Arc<Semaphore>,
}

/// A reader inside.
#[derive(Debug)]
pub(super) struct Reader {
    stream: TcpStream,
    patience: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl Door {
    pub fn new(listener: TcpListener) -> Door {
        Door { listener, room: Arc::new(Semaphore::new(MOST)) }
    }
}

impl Listener for Door {
    type Io = Reader;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Reader, SocketAddr) {
        let place = self.room.clone().acquire_owned().await.expect("nobody closes the room");
        // axum's own listener waits out the errors of accepting, such as no free file descriptor.
        let (stream, address) = Listener::accept(&mut self.listener).await;
        (Reader { stream, patience: Box::pin(pause()), _place: place }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

#[expect(clippy::disallowed_methods, reason = "readers live in real time, whatever clock the bot lives by")]
fn pause() -> Sleep {
    tokio::time::sleep(PATIENCE)
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(read) => {
                self.patience.as_mut().reset(Instant::now() + PATIENCE);
                Poll::Ready(read)
            }
            Poll::Pending => match self.patience.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl AsyncWrite for Reader {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
