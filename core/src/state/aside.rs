//! Questions that take their time, answered in threads of their own while events go on.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Threads that answer questions of one kind; they end with it, once they are done with the question at hand.
#[derive(Debug)]
pub struct Aside<Q, A> {
    questions: SyncSender<Q>,
    answers: Receiver<A>,
}

impl<Q: Send + 'static, A: Send + 'static> Aside<Q, A> {
    /// At most `waiting` questions wait.
    pub fn start(name: &str, threads: usize, waiting: usize, answer: impl Fn(Q) -> A + Clone + Send + 'static) -> Self {
        let ((questions, waiting), (sender, answers)) = (sync_channel(waiting), channel());
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let (waiting, sender, answer) = (Arc::clone(&waiting), sender.clone(), answer.clone());
            // Without a thread questions stay unanswered; detection goes on.
            let thread = std::thread::Builder::new().name(name.into());
            let _ = thread.spawn(move || work(&waiting, &sender, &answer));
        }
        Self { questions, answers }
    }

    /// Whether the question is on its way; there may be no room for it.
    pub fn ask(&self, question: Q) -> bool {
        self.questions.try_send(question).is_ok()
    }

    /// An answer that is there.
    pub fn answer(&self) -> Option<A> {
        self.answers.try_recv().ok()
    }

    /// An answer, if it comes in time.
    pub fn answer_within(&self, patience: Duration) -> Option<A> {
        self.answers.recv_timeout(patience).ok()
    }
}

fn work<Q, A>(questions: &Mutex<Receiver<Q>>, answers: &Sender<A>, answer: &impl Fn(Q) -> A) {
    loop {
        let question = questions.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(question) = question else { return };
        if answers.send(answer(question)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_question_that_takes_long_holds_up_no_other() {
        let (release, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let aside = Aside::start("test", 2, 8, move |n: u32| {
            if n == 0 {
                let _ = gate.lock().map(|gate| gate.recv());
            }
            n + 100
        });
        assert!((0..3).all(|n| aside.ask(n)));
        let mut answers = Vec::new();
        let mut wait_for = |count: usize| {
            while answers.len() < count {
                answers.extend(aside.answer());
                std::thread::yield_now();
            }
            answers.clone()
        };
        assert_eq!(wait_for(2), [101, 102]);
        release.send(()).unwrap();
        assert_eq!(wait_for(3), [101, 102, 100]);
    }

    #[test]
    fn there_is_room_for_so_many_questions() {
        let aside = Aside::<u32, u32>::start("test", 0, 2, |n| n);
        // Nobody takes them: the threads' end of the queue is gone.
        assert!(!aside.ask(1) && aside.answer().is_none());
    }
}
