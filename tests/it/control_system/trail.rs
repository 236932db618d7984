//! Nothing is written that the audit trail does not have, and what it has is held against the approval.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use holdpoint::{
    config::Config,
    model::{
        ApiKeys, CheckpointId, Digest, Entry, GatewayEvent, Head, InterruptId, PvValue, ServiceEvent,
        ThreadId, Timestamp,
    },
    service::{RunStatus, Service, ServiceCommand, VerifyReply},
    store::{
        Freeze, MemoryStore, PendingInterrupt, RecordRange, Store, StoreError, StoredAudit, StoredRecord,
        ThreadFilter, Transaction, Verification,
    },
};
use serde_json::json;

use super::*;
use crate::rig::{Rig, WRITE, WriteAccess, approve, asked, command, human, own, requester};

/// A store with room for so many puts and no more.
struct NoRoom {
    inner: MemoryStore,
    puts: AtomicUsize,
}

#[async_trait]
impl Store for NoRoom {
    async fn commit(&self, transaction: Transaction) -> Result<(), StoreError> {
        let is_put = |stored: &StoredRecord| {
            let Entry::Noted { name, .. } = &stored.record.entry else {
                return false;
            };
            name == "put"
        };
        if transaction.records().any(is_put) {
            let left = |left: usize| left.checked_sub(1);
            let room = self.puts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left);
            room.map_err(|_| StoreError::Full {
                path: "nowhere".into(),
            })?;
        }
        self.inner.commit(transaction).await
    }
    async fn log(&self, event: ServiceEvent) -> Result<(), StoreError> {
        self.inner.log(event).await
    }
    async fn head(&self, thread: ThreadId) -> Result<Option<Head>, StoreError> {
        self.inner.head(thread).await
    }
    async fn records(&self, thread: ThreadId, range: RecordRange) -> Result<Vec<StoredRecord>, StoreError> {
        self.inner.records(thread, range).await
    }
    async fn checkpoint(
        &self,
        thread: ThreadId,
        id: CheckpointId,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.inner.checkpoint(thread, id).await
    }
    async fn value(&self, digest: Digest) -> Result<Arc<Vec<u8>>, StoreError> {
        self.inner.value(digest).await
    }
    async fn threads(&self, filter: ThreadFilter) -> Result<Vec<Head>, StoreError> {
        self.inner.threads(filter).await
    }
    async fn asker(&self, interrupt: InterruptId) -> Result<Option<ThreadId>, StoreError> {
        self.inner.asker(interrupt).await
    }
    async fn pending(&self) -> Result<Vec<PendingInterrupt>, StoreError> {
        self.inner.pending().await
    }
    async fn busy(&self) -> Result<Vec<ThreadId>, StoreError> {
        self.inner.busy().await
    }
    async fn frozen(&self) -> Result<Option<Freeze>, StoreError> {
        self.inner.frozen().await
    }
    async fn keys(&self) -> Result<ApiKeys, StoreError> {
        self.inner.keys().await
    }
    async fn notified(&self, interrupt: InterruptId) -> Result<bool, StoreError> {
        self.inner.notified(interrupt).await
    }
    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<StoredAudit>, StoreError> {
        self.inner.audit(after, limit).await
    }
    async fn verify(&self) -> Result<Verification, StoreError> {
        self.inner.verify().await
    }
    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_the_trail_does_not_take_is_not_passed_on() {
    let test = "a_put_that_the_trail_does_not_take_is_not_passed_on";
    let Some(bench) = Bench::new(test, json!({})) else {
        return;
    };
    let text = fs::read_to_string(bench.site.path().join("config.yml")).unwrap();
    let mut config = Config::from_text(&text, None, &|_| None).unwrap();
    config.data_dir = bench.site.data();
    config.execution.workspace_dir = bench.site.data().join("executed_scripts");
    let store = NoRoom {
        inner: MemoryStore::new(holdpoint::model::Clock::system()).unwrap(),
        puts: AtomicUsize::new(2),
    };
    let service = Service::builder()
        .store(Arc::new(store))
        .open(config)
        .await
        .unwrap();
    let program = writes(&[("CS:M0", 1.0), ("CS:M1", 2.0), ("CS:M2", 3.0), ("CS:M3", 4.0)]);
    let request = own(&program, WriteAccess);
    let reply = service.invoke(request, Some("full"), requester()).await.unwrap();
    let reply = service.answer(asked(&reply), approve(), human()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Failed, "{reply:#?}");
    let error = reply.error.unwrap();
    assert_eq!(error.code, "write_refused");
    says(&error.message, &["trail_failed", "CS:M2"]);
    assert_eq!(bench.server.puts(), counted(&[("CS:M0", 1.0), ("CS:M1", 2.0)]));
}

/// Whatever kept the put from being refused: the records tell that it was not approved.
#[tokio::test]
async fn a_put_that_the_approval_does_not_name_does_not_verify() {
    for (pv, fits) in [
        ("SR:MAG:QF1:SP", true),
        ("SR:MAG:QF9:SP", false),
        ("SR:MAG:QF1:SP.DRVH", false),
    ] {
        let rig = Rig::new([]);
        let service = Arc::new(rig.open().await);
        let program = format!("{WRITE}# wait\n");
        let reply = service.invoke(own(&program, WriteAccess), Some("told"), requester());
        let reply = reply.await.unwrap();
        let running = {
            let service = service.clone();
            tokio::spawn(async move { service.answer(asked(&reply), approve(), human()).await })
        };
        rig.executor.wait_for_starts(1).await;
        let job = rig.executor.started().remove(0);
        let put = GatewayEvent::Put {
            serial: 1,
            pv: pv.to_owned(),
            ioc: "127.0.0.1:5064".to_owned(),
            old: None,
            new: PvValue::Real(1.0),
            at: Timestamp::now(),
        };
        job.trail.record(put).await.unwrap();
        rig.executor.release(1);
        running.await.unwrap().unwrap();
        let found = command(&service, ServiceCommand::Verify).await.unwrap();
        let found: VerifyReply = serde_json::from_value(found).unwrap();
        assert_eq!(found.ok, fits, "{:#?}", found.problems);
        if !fits {
            says(&found.problems[0].what, &[pv, "not among the process variables"]);
        }
    }
}
