//! Threads that read messages, one message at a time, in any order.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle, available_parallelism};

use mailscope_decode::limits::Limits;
use mailscope_decode::mail;
use mailscope_decode::record::{Records, Unread};

/// Threads at most: one pass cannot feed more.
const THREADS: usize = 3;

/// What a message came to.
pub(super) struct Read {
    /// Its rows.
    pub records: Records,
    /// Limits that were hit.
    pub limits_hit: Vec<&'static str>,
}

impl Read {
    /// Reads a message.
    pub fn of(unread: Unread, limits: &Limits) -> Self {
        let mut records = Records::new();
        let limits_hit = mail::read_around(
            unread.raw,
            &unread.gaps,
            unread.transfer,
            limits,
            &mut records,
        );
        Self {
            records,
            limits_hit,
        }
    }
}

/// A message and its number.
type Job = (u64, Unread);

/// What a thread gives back: the number and what the message came to, or nothing when reading failed.
type Answer = (u64, Option<Read>);

/// Messages that wait for a thread.
#[derive(Default)]
struct Queue {
    jobs: Mutex<(VecDeque<Job>, bool)>,
    came: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, (VecDeque<Job>, bool)> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next message, waiting for one; none when all is over.
    fn wait(&self) -> Option<Job> {
        let mut jobs = self.lock();
        loop {
            if let Some(job) = jobs.0.pop_front() {
                return Some(job);
            }
            if jobs.1 {
                return None;
            }
            jobs = self.came.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Threads and what waits for them. Dropped, it lets them finish the message they are at.
pub(super) struct Pool {
    queue: Arc<Queue>,
    answers: Receiver<Answer>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// How many threads there may be beside that of the pass.
    pub fn threads() -> usize {
        available_parallelism().map_or(0, |cores| (cores.get() - 1).min(THREADS))
    }

    /// A pool of at most so many threads; none of them may have come to be.
    pub fn new(threads: usize, limits: &Limits) -> Self {
        let (answer, answers) = channel();
        let queue = Arc::new(Queue::default());
        let begin = |_| {
            let (queue, answer, limits) = (Arc::clone(&queue), answer.clone(), *limits);
            let named = Builder::new().name("messages".to_owned());
            named.spawn(move || work(&queue, &answer, &limits)).ok()
        };
        let threads = (0..threads).map_while(begin).collect();
        Self {
            queue,
            answers,
            threads,
        }
    }

    /// Gives a message to a thread.
    pub fn give(&self, job: Job) {
        self.queue.lock().0.push_back(job);
        self.queue.came.notify_one();
    }

    /// Takes back the message that has waited longest.
    pub fn take_back(&self) -> Option<Job> {
        self.queue.lock().0.pop_front()
    }

    /// An answer, if one is there.
    pub fn answer(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }

    /// Waits for an answer; none when there is no thread to give one.
    pub fn wait(&self) -> Option<Answer> {
        self.answers.recv().ok()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        {
            let mut jobs = self.queue.lock();
            jobs.0.clear();
            jobs.1 = true;
        }
        self.queue.came.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn work(queue: &Queue, answer: &Sender<Answer>, limits: &Limits) {
    while let Some((number, unread)) = queue.wait() {
        let mut said = Said {
            answer,
            number,
            read: None,
        };
        said.read = Some(Read::of(unread, limits));
    }
}

/// Answers whatever happens: nobody waits for a message whose reading failed.
struct Said<'a> {
    answer: &'a Sender<Answer>,
    number: u64,
    read: Option<Read>,
}

impl Drop for Said<'_> {
    fn drop(&mut self) {
        let _ = self.answer.send((self.number, self.read.take()));
    }
}
