//! A consumer's process in Rust. It obeys the same lines as ConsumerProgram, and measures what Meter does, except allocations.
//! One thread reads, parses and counts, as tokio's runtime for one thread does it.

use futures_util::{stream, StreamExt};
use serde::Deserialize;
use serde_json::json;
use std::{cell::RefCell, collections::HashMap, error::Error, io::BufRead, process::exit, rc::Rc, time::Duration, time::Instant};
use tokio::sync::{mpsc, Notify};
use tokio_postgres::{AsyncMessage, NoTls};

type Failure = Box<dyn Error>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    connection_string: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MeterOrder {
    count: i64,
    #[serde(default)]
    latency: bool,
}

#[derive(Deserialize)]
#[allow(dead_code)] // All of it is parsed, as in the other consumers.
struct Order {
    id: i64,
    total: f64,
    customer: String,
}

#[derive(Default)]
struct Meter {
    expected: i64,
    count: i64,
    sum: i64,
    begin: Option<(Instant, Duration)>,
    first: Option<Instant>,
    end: Option<(Instant, Duration)>,
}

impl Meter {
    /// Counts one. Returns whether it was the last.
    fn hit(&mut self, order: &Order) -> bool {
        if self.first.is_none() {
            self.first = Some(Instant::now());
        }
        self.count += 1;
        self.sum += order.id;
        if self.count == self.expected {
            self.end = Some((Instant::now(), processor_time()));
        }
        self.count == self.expected
    }

    fn figures(&self) -> Result<serde_json::Value, Failure> {
        if self.count != self.expected || self.sum != self.expected * (self.expected + 1) / 2 {
            return Err(format!("The handler got {} notifications with the sum {}, not {}.", self.count, self.sum, self.expected).into());
        }
        let (begun, before) = self.begin.ok_or("Nothing was begun.")?;
        let (ended, after) = self.end.unwrap_or_else(|| (Instant::now(), processor_time()));
        let seconds = (ended - self.first.unwrap_or(begun)).as_secs_f64();
        let cpu = (after - before).as_secs_f64();
        let mut figures = json!({ "count": self.count, "elapsed_ms": seconds * 1e3, "cpu_ms": cpu * 1e3 });
        if self.count > 0 {
            let rate = self.count as f64 / seconds;
            figures["rate"] = json!(rate);
            figures["call_rate"] = json!(rate);
            figures["cpu_ns"] = json!(cpu * 1e9 / self.count as f64);
        }
        Ok(figures)
    }
}

/// What the process has used, in its own code and in the system's.
fn processor_time() -> Duration {
    // Safety: the call fills in all of the structure, for which zeros are valid.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let duration = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    duration(usage.ru_utime) + duration(usage.ru_stime)
}

/// Waits until the process is idle.
async fn calm() {
    let mut quiet = 0;
    for _ in 0..60 {
        let before = processor_time();
        tokio::time::sleep(Duration::from_millis(40)).await;
        quiet = if processor_time() - before < Duration::from_millis(1) { quiet + 1 } else { 0 };
        if quiet == 3 {
            return;
        }
    }
}

/// The password has letters and digits only, so nothing in the connection string is quoted.
fn configuration() -> Result<tokio_postgres::Config, Failure> {
    let settings: Settings = serde_json::from_str(&std::env::var("PGLISTENER_BENCH_SETTINGS")?)?;
    let values: HashMap<String, String> = settings
        .connection_string
        .split(';')
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (key.to_lowercase(), value.to_owned()))
        .collect();
    let value = |key: &str| values.get(key).map(String::as_str).ok_or_else(|| format!("The connection string has no {key}."));
    let mut configuration = tokio_postgres::Config::new();
    configuration.host(value("host")?).port(value("port")?.parse()?).user(value("username")?).password(value("password")?).dbname(value("database")?);
    Ok(configuration)
}

fn commands() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn obey(line: &str, meter: &RefCell<Meter>, done: &Notify) -> Result<String, Failure> {
    if let Some(order) = line.strip_prefix("ARM ") {
        let order: MeterOrder = serde_json::from_str(order)?;
        if order.latency {
            return Err("Latencies are not measured here.".into());
        }
        calm().await;
        *meter.borrow_mut() = Meter { expected: order.count, begin: Some((Instant::now(), processor_time())), ..Meter::default() };
        return Ok("ARMED".to_owned());
    }
    if line.starts_with("COLLECT ") {
        let expected = meter.borrow().expected;
        if expected > 0 {
            done.notified().await;
        }
        return Ok(format!("RESULT {}", meter.borrow().figures()?));
    }
    Err(format!("Not understood: {line}").into())
}

async fn run() -> Result<(), Failure> {
    let (client, mut connection) = configuration()?.connect(NoTls).await?;
    let meter = Rc::new(RefCell::new(Meter::default()));
    let (heard, done) = (Rc::new(Notify::new()), Rc::new(Notify::new()));
    let (own_meter, own_heard, own_done) = (meter.clone(), heard.clone(), done.clone());
    tokio::task::spawn_local(async move {
        let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(message) = messages.next().await {
            match message {
                Ok(AsyncMessage::Notification(notification)) => match serde_json::from_str::<Order>(notification.payload()) {
                    Ok(order) if order.id == 0 => own_heard.notify_one(),
                    Ok(order) => {
                        if own_meter.borrow_mut().hit(&order) {
                            own_done.notify_one();
                        }
                    }
                    Err(error) => fail(&error),
                },
                Ok(_) => {}
                Err(error) => fail(&error),
            }
        }
    });

    client.batch_execute("LISTEN bench").await?;
    println!("STARTED");
    heard.notified().await;
    println!("READY");
    let mut commands = commands();
    while let Some(line) = commands.recv().await {
        println!("{}", obey(&line, &meter, &done).await?);
    }
    Ok(())
}

fn fail(error: &dyn Error) -> ! {
    println!("FAILED {}", error.to_string().replace('\n', " "));
    exit(1);
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap_or_else(|error| fail(&error));
    if let Err(error) = runtime.block_on(tokio::task::LocalSet::new().run_until(run())) {
        fail(error.as_ref());
    }
}
