//! Work on many things at once whose results come in order.

use std::{
    collections::VecDeque,
    num::NonZero,
    ops::ControlFlow,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

/// How many results may wait for an earlier one, for each thread.
const AHEAD: usize = 16;

/// Does `work` on each of `items`, on as many threads as there are processors, and gives the results to `take` in the
/// order of the items, as soon as they are there. At most a few for each thread are kept, so memory does not grow
/// with the number of items. `take` may end it.
pub(super) fn in_order<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R) -> ControlFlow<()>,
) {
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(items.len());
    if threads < 2 {
        for item in items {
            if take(work(item)).is_break() {
                return;
            }
        }
        return;
    }
    let (orders, waiting) = sync_channel::<(T, SyncSender<R>)>(threads * AHEAD);
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((item, done)) = next(&waiting) {
                    // Nobody waits for it once `take` has ended it.
                    let _ = done.send(work(item));
                }
            });
        }
        let mut ahead: VecDeque<Receiver<R>> = VecDeque::new();
        let mut ended = false;
        for item in items {
            if ahead.len() == threads * AHEAD {
                ended = !take_first(&mut ahead, &mut take);
            }
            let (done, result) = sync_channel(1);
            if ended || orders.send((item, done)).is_err() {
                break;
            }
            ahead.push_back(result);
        }
        drop(orders);
        while !ended && !ahead.is_empty() {
            ended = !take_first(&mut ahead, &mut take);
        }
        if ended {
            // What was ordered and not begun is taken off the threads' hands.
            while next(&waiting).is_some() {}
        }
    });
}

fn next<T>(waiting: &Mutex<Receiver<T>>) -> Option<T> {
    let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.recv().ok()
}

/// Waits for the first result that is due and hands it over; whether it goes on.
fn take_first<R>(ahead: &mut VecDeque<Receiver<R>>, take: &mut impl FnMut(R) -> ControlFlow<()>) -> bool {
    // A thread that panicked takes the whole scope with it, so its missing result is not passed over.
    let result = ahead.pop_front().and_then(|first| first.recv().ok());
    result.is_some_and(|result| take(result).is_continue())
}
