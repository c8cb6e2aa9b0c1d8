//! Threads that read messages, in any order.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle, available_parallelism, panicking};

use mailscope_decode::limits::Limits;
use mailscope_decode::mail::{Read, Several};
use mailscope_decode::record::Unread;

/// Threads at most: one pass cannot feed more.
const THREADS: usize = 3;

/// A message and its number.
type Job = (u64, Unread);

/// What a thread gives back: what a message came to, or nothing when reading failed.
type Answer = Option<Read>;

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

    /// The next message, if one is there.
    fn next(&self) -> Option<Job> {
        self.lock().0.pop_front()
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
        self.queue.next()
    }

    /// An answer, if one is there; it holds nothing when a message could not be read.
    pub fn answer(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }

    /// Waits for an answer; none when there is no thread to give one.
    pub fn wait(&self) -> Answer {
        self.answers.recv().ok().flatten()
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

/// Reads a message; `None` is for no message, and lets none wait any longer.
pub(super) fn read(several: &mut Several, job: Option<Job>, limits: &Limits) -> Vec<Read> {
    match job {
        Some((number, unread)) => {
            several.read(number, unread.raw, &unread.gaps, unread.transfer, limits);
            several.done()
        }
        None => several.finish(),
    }
}

fn work(queue: &Queue, answer: &Sender<Answer>, limits: &Limits) {
    let _failed = Failed(answer);
    let mut several = Several::default();
    loop {
        // Nobody may wait for a message that itself waits for others.
        let mut job = queue.next();
        if job.is_none() {
            for read in read(&mut several, None, limits) {
                let _ = answer.send(Some(read));
            }
            job = queue.wait();
        }
        if job.is_none() {
            return;
        }
        for read in read(&mut several, job, limits) {
            let _ = answer.send(Some(read));
        }
    }
}

/// Answers when reading failed: nobody waits for a thread that is no more.
struct Failed<'a>(&'a Sender<Answer>);

impl Drop for Failed<'_> {
    fn drop(&mut self) {
        if panicking() {
            let _ = self.0.send(None);
        }
    }
}
