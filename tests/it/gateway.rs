//! The gateway between real clients and real servers: what passes, what is refused, and what the server saw of it.

mod rig;

use holdpoint::{
    execution::{
        Access,
        gateway::{
            Gateway, ReadFault,
            codec::{Message, command, status},
        },
    },
    model::{GatewayEvent, PutOutcome, PvValue, VerificationLevel},
};
use serde_json::{Value, json};

use rig::{Ioc, Raw, find, permit, serve, settings};

const READS: &str = r#"
import epics, json
def pv(name):
    pv = epics.PV('GW:' + name)
    assert pv.wait_for_connection(20), name
    return pv
wave = pv('WAVE').get(timeout=20)
print(json.dumps({
    'real': pv('REAL').get(), 'single': pv('SINGLE').get(), 'whole': pv('WHOLE').get(), 'short': pv('SHORT').get(),
    'choice': pv('CHOICE').get(as_string=True), 'text': pv('TEXT').get(),
    'letters': pv('LETTERS').get(as_string=True),
    'wave': [len(wave), wave[-1]], 'long': int(sum(pv('LONG_WAVE').get(timeout=20))),
    'write': [pv('REAL').write_access, pv('REAL').read_access],
}))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn pyepics_reads_every_type() {
    let Some(ioc) = Ioc::start("pyepics_reads_every_type", &[]) else {
        return;
    };
    let way = serve(settings(&[&ioc.address()]), Access::Read).await;
    let read: Value = serde_json::from_str(&way.python(READS).await).unwrap();
    assert_eq!(
        read,
        json!({
            "real": 1.5, "single": 2.5, "whole": 7, "short": 3, "choice": "Off", "text": "hello",
            "letters": "some letters", "wave": [2000, 1999.0], "long": 199_990_000,
            "write": [false, true],
        })
    );
    let conduct = way.session.finish().await;
    assert_eq!(conduct.servers, [ioc.address()]);
    assert_eq!((conduct.puts_total, conduct.refused_total), (0, 0));
}
