//! The program: joins the doors of the house.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use masthead::cli::args::{Cli, Command};
use masthead::cli::{self, exit};
use masthead::clock::Clock;
use masthead::config::Environment;
use masthead::daemon::Editor;
use masthead::ledger::LedgerError;
use masthead::store::StoreError;

/// For work on other threads when everything else has ended.
const LAST_MOMENT: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let cli = Cli::of_process();
    start_log(&cli.command);
    if let Command::Demo { headless, seed } = cli.command {
        let ending = if headless { play::Ending::ByItself } else { play::Ending::WhenStopped };
        return play::run(seed, ending).map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::new(error).context("start the runtime")),
    };
    let outcome = runtime.block_on(dispatch(cli));
    // Whoever still reads a file that never ends is not waited for: all that had to be written is.
    runtime.shutdown_timeout(LAST_MOMENT);
    match outcome {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let environment = Environment::of_process();
    let now = Clock::Real.now();
    match cli.command {
        Command::Run { .. } => {
            let path = cli.config.as_deref();
            let (config, looks) = cli::load_with_looks(path, environment.clone(), now)?;
            cli::refuse_foreign(&config)?;
            let editor = Editor::listen(&config, looks, environment)?;
            service::run(config, editor).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Sandbox { story, seed, rate, dir } => {
            trial::run(&story, seed, rate, dir).await?;
            Ok(ExitCode::SUCCESS)
        }
        _ => cli::run(cli, environment, now).await,
    }
}

/// Logs go to stderr; `MASTHEAD_LOG` takes the usual filter words. Commands log only warnings.
fn start_log(command: &Command) {
    let default = if command.is_service() { "info" } else { "warn" };
    // megalodon logs tokens in URLs.
    let quiet = "megalodon=off,sled=warn,hyper=warn,reqwest=warn,h2=warn,html5ever=error";
    let words = std::env::var("MASTHEAD_LOG").unwrap_or_else(|_| default.to_owned());
    let filter = tracing_subscriber::EnvFilter::new(format!("{words},{quiet}"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Colours are for people; on a terminal NO_COLOR turns them off.
    let log = if std::io::stderr().is_terminal() { log } else { log.with_ansi(false) };
    match command {
        Command::Run { log_json: true } => log.json().init(),
        _ => log.with_target(false).init(),
    }
}

/// Prints what went wrong once, and chooses the exit code.
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("masthead: {error:#}");
    let is_storage = error.chain().any(|cause| {
        cause.downcast_ref().is_some_and(StoreError::is_storage)
            || cause.downcast_ref().is_some_and(LedgerError::is_storage)
    });
    ExitCode::from(if is_storage { exit::STORAGE } else { exit::FAULTS })
}

/// The service with its pages.
mod service {
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;

    use anyhow::Context as _;
    use masthead::config::Config;
    use masthead::cycle::{Newsroom, outlook};
    use masthead::daemon::Editor;
    use masthead::ledger::FILE_NAME;
    use masthead::{daemon, web};
    use rustix::net::sockopt::set_socket_reuseport;
    use tokio::net::TcpSocket;

    /// Readers who wait to be let in, as many as the standard library allows.
    const QUEUE: u32 = 128;

    pub async fn run(config: Config, editor: Editor) -> anyhow::Result<()> {
        let config = Arc::new(config);
        let room = Newsroom::open(config.clone()).await?;
        outlook::lines(&config).iter().for_each(|line| tracing::info!("{line}"));
        let mut door = Door::default();
        daemon::run(room, editor, move |room| door.pages(room)).await
    }

    /// Where the pages are reached: it stays open from one configuration to the next.
    #[derive(Default)]
    pub struct Door(Option<(SocketAddr, TcpListener)>);

    impl Door {
        /// The pages of a newsroom, listening.
        pub fn pages(&mut self, room: &Newsroom) -> anyhow::Result<daemon::Pages> {
            let config = &room.config;
            let listener = self.listener(config.web.listen)?;
            let ledger_path = config.state_dir.join(FILE_NAME);
            let (store, vitals) = (room.store.clone(), room.vitals.clone());
            let site = web::Site { store, facts: facts(config), vitals, ledger_path };
            let router = web::router(site);
            Ok(Box::new(|stopped| Box::pin(web::serve(listener, router, stopped))))
        }

        /// A listener of its own for each configuration, all on one socket as long as the address is the same:
        /// who connects in between waits in its queue.
        fn listener(&mut self, listen: SocketAddr) -> anyhow::Result<tokio::net::TcpListener> {
            let listener = match self.0.take() {
                Some((address, listener)) if address == listen => listener,
                before => {
                    let bound = match &before {
                        Some((address, old)) if address.port() == listen.port() => bind_beside(old, listen),
                        _ => TcpListener::bind(listen),
                    };
                    let bound = bound.and_then(|it| it.set_nonblocking(true).map(|()| it));
                    let bound = bound.with_context(|| {
                        format!("listen on {listen} for the pages; `[web] listen` names another address")
                    });
                    // What is refused leaves the door where it is.
                    let listener = bound.inspect_err(|_| self.0 = before)?;
                    let address = listener.local_addr().context("ask where the pages are")?;
                    tracing::info!("pages on http://{address}/");
                    listener
                }
            };
            let twin = listener.try_clone().context("open the pages once more")?;
            self.0 = Some((listen, listener));
            tokio::net::TcpListener::from_std(twin).context("open the pages")
        }
    }

    /// Another address on the port that we listen on already, 0.0.0.0 after 127.0.0.1 for example: the two share it
    /// until the old one is closed, so that no reader meets a closed door. A port of another program stays refused:
    /// only sockets that both say so share one, and ours say so for this moment only.
    fn bind_beside(old: &TcpListener, listen: SocketAddr) -> std::io::Result<TcpListener> {
        let new = if listen.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        new.set_reuseaddr(true)?;
        new.set_reuseport(true)?;
        set_socket_reuseport(old, true)?;
        let bound = new.bind(listen).and_then(|()| new.listen(QUEUE)).and_then(|new| new.into_std());
        set_socket_reuseport(old, false)?;
        let bound = bound?;
        set_socket_reuseport(&bound, false)?;
        Ok(bound)
    }

    /// What the pages say about the service itself.
    fn facts(config: &Config) -> web::SiteFacts {
        let read = |read: outlook::Read| web::Read { what: read.what, how: read.how, often: read.often };
        web::SiteFacts {
            contact: config.contact.clone(),
            public_url: config.web.public_url.clone(),
            servers: outlook::servers(config).into_iter().chain(outlook::threads(config)).map(read).collect(),
            pages: outlook::pages(config).into_iter().map(read).collect(),
        }
    }
}

/// The demo: world and service in one process, and nothing left of both afterwards.
mod play {
    use std::path::PathBuf;

    use anyhow::Context as _;
    use masthead::clock::Clock;
    use masthead::cycle::Newsroom;
    use masthead::daemon::{Service, StopSignal};
    use masthead::demo::progress::Progress;
    use masthead::demo::{self, Script};
    use masthead::sandbox::story::{self, Story};
    use masthead::sandbox::{Announcement, Options, Sandbox};
    use masthead::{cli, cycle::commands::Answer};
    use tokio::runtime::Builder;

    use super::service::Door;

    /// How it ends after the story.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Ending {
        ByItself,
        WhenStopped,
    }

    /// What is played.
    fn staging(seed: u64, folder: PathBuf, clock: Clock) -> (Options, Script) {
        let story = Story::Founding;
        (Options { story, seed, clock: Some(clock), ..Options::new(folder) }, Script::FOUNDING)
    }

    /// The world has a thread of its own; the service has one that the clock can watch.
    pub fn run(seed: u64, ending: Ending) -> anyhow::Result<()> {
        let folder = Folder(std::env::temp_dir().join(format!("masthead-demo-{}", std::process::id())));
        let clock = Clock::jumping(story::ORIGIN);
        let outside = Builder::new_multi_thread().worker_threads(1).thread_name("world").enable_all().build();
        let outside = outside.context("start the runtime of the world")?;
        let house = Builder::new_current_thread().max_blocking_threads(demo::HANDS).enable_all().build();
        let house = house.context("start the runtime")?;
        let (options, script) = staging(seed, folder.0.clone(), clock);
        let world = outside.block_on(Sandbox::start(options)).context("open the world")?;
        println!("Masthead demo, seed {seed}: {}.", script.title);
        let days = script.days;
        println!("Everybody in it is made up. {days} days from {}.", clock.now().format("%A %-d %B %Y"));
        house.block_on(story(&world.announce(), clock, &script, ending))
    }

    async fn story(
        world: &Announcement,
        clock: Clock,
        script: &Script,
        ending: Ending,
    ) -> anyhow::Result<()> {
        let mut stop = StopSignal::listen()?;
        let room = demo::open(&world.config, clock).await?;
        let pages = Door::default().pages(&room)?;
        let driver = tokio::spawn(async move { clock.drive().await });
        let mut service = Service::start(room.clone(), pages)?;
        let render = |answer: &Answer| cli::render(answer);
        let shown = tokio::select! {
            shown = demo::play(&room, script, &world.account, render, Progress::for_people()) => shown,
            ended = service.ended() => ended.and(Err(anyhow::anyhow!("the service ended before the story"))),
            () = stop.heard() => Err(anyhow::anyhow!("stopped before the end of the story")),
        };
        let outcome = match shown {
            Ok(shown) => {
                print!("{}", shown.text());
                if let Some(missing) = &shown.missing {
                    Err(anyhow::anyhow!("{missing}"))
                } else if ending == Ending::WhenStopped {
                    invite(&room, world);
                    tokio::select! {
                        ended = service.ended() => ended,
                        () = stop.heard() => Ok(()),
                    }
                } else {
                    Ok(())
                }
            }
            Err(error) => Err(error),
        };
        let outcome = outcome.and(service.stop().await);
        driver.abort();
        outcome
    }

    /// Where to look while the world goes on.
    fn invite(room: &Newsroom, world: &Announcement) {
        let (listen, pace) = (room.config.web.listen, demo::PACE / 60.0);
        println!("\nThe pages        http://{listen}/");
        println!("The bot's server {}/@{}", world.home, world.account.user());
        println!("Its commands     masthead accounts --config {}", world.config.display());
        println!("The world goes on, {pace:.0} minutes in a second, until ctrl-c.");
    }

    /// A folder that goes when the demo is over.
    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            // It lies where such things are cleared away anyway.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// The embedded world as a command.
mod trial {
    use std::path::PathBuf;

    use anyhow::Context as _;
    use masthead::sandbox::story::Story;
    use masthead::sandbox::{Options, Sandbox};
    use tokio::signal::unix::{SignalKind, signal};

    pub async fn run(story: &str, seed: u64, rate: f64, dir: Option<PathBuf>) -> anyhow::Result<()> {
        let story = Story::named(story).with_context(|| format!("`{story}` is no story"))?;
        let fresh = || std::env::temp_dir().join(format!("masthead-sandbox-{}", std::process::id()));
        let dir = dir.unwrap_or_else(fresh);
        let sandbox = Sandbox::start(Options { story, seed, rate, ..Options::new(dir) })
            .await
            .context("open the world")?;
        println!("{}", serde_json::to_string(&sandbox.announce())?);
        let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
        tokio::select! {
            _ = terminate.recv() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted.context("listen for SIGINT")?,
        }
        Ok(())
    }
}
