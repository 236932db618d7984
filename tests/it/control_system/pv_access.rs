//! PV Access is for reading, with write access too.

use serde_json::json;

use super::*;
use crate::pva;

#[test]
fn a_put_over_pv_access_is_refused_clearly_and_fails_the_run() {
    let test = "a_put_over_pv_access_is_refused_clearly_and_fails_the_run";
    let Some(python) = pva::python() else {
        skip(test, "there is no environment with p4p");
        return;
    };
    let mut server = pva::Server::start(&python);
    let (_gateway, port) = pva::pvagw(&python, &server);
    let settings = json!({ "control_system": {
        "rehearsal": { "mode": "auto" },
        "epics": { "pva_gateway": format!("127.0.0.1:{port}"), "timeout": 5 },
    } });
    let Some(bench) = Bench::new(test, settings) else {
        return;
    };
    let program = format!(
        "import epics\n\
         from p4p.client.thread import Context\n\
         context = Context('pva')\n\
         before = float(context.get('HP:NUMBER', timeout=60))\n\
         told = 'done'\n\
         try:\n\
         \x20   context.put('HP:NUMBER', 99.0, timeout=60)\n\
         except Exception as error:\n\
         \x20   told = str(error)\n\
         {}results = {{'before': before, 'told': told}}\n",
        caput("CS:M0", 3.0)
    );
    let asked = bench.ask("pva", &program);
    says(&asked.question["rehearsal"]["notes"], &["pva_write", "PV Access"]);
    let said = bench.site.run(&["approve", &asked.id, "--channels", "CS:M0"]);
    failed(&said, "write_refused", &["pva_write", "HP:NUMBER", "PV Access"]);
    let results = &said.json()["result"]["results"];
    assert_eq!(results["before"], 1.5);
    says(&results["told"], &["PV Access writes are not possible"]);
    assert_eq!(server.tell("count"), json!({ "changes": 0, "number": 1.5 }));
    assert_eq!(bench.server.puts(), counted(&[("CS:M0", 3.0)]));
    bench.site.verify();
}
