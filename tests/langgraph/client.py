"""The service through the clients people have: one function a scenario, each given a client and the service's address."""

import sys
import uuid

import httpx
from langgraph.pregel.remote import RemoteGraph
from langgraph.types import Command
from langgraph_sdk import get_sync_client

ASSISTANT = "python_executor"
CODE = "results = {'mean': 2.0}\n"


def refused(status, call, *words):
    """`call` is refused with `status`, in words that hold `words`."""
    try:
        call()
    except httpx.HTTPStatusError as error:
        response = error.response
    except Exception as error:  # The SDK's own errors carry the response too.
        response = error.response
    else:
        raise AssertionError(f"not refused with {status}")
    assert response.status_code == status, (response.status_code, response.text)
    body = response.json()
    assert set(body) >= {"detail", "code"}, body
    for word in words:
        assert word in body["detail"], (word, body)
    return body


def asked(client):
    """A thread that waits for an answer, and its question's id."""
    thread = client.threads.create()["thread_id"]
    result = client.runs.wait(thread, ASSISTANT, input={"code": CODE})
    (interrupt,) = result["__interrupt__"]
    assert set(interrupt) == {"value", "id", "response_schema"}, interrupt
    return thread, interrupt["id"]


def life(client, url):
    thread = client.threads.create(metadata={"who": "me"})
    assert (thread["status"], thread["values"], thread["metadata"]) == ("idle", None, {"who": "me"})
    thread = thread["thread_id"]
    assert client.threads.get_state(thread)["next"] == []

    created = []
    result = client.runs.wait(
        thread, ASSISTANT, input={"code": CODE}, on_run_created=lambda run: created.append(run["run_id"])
    )
    assert result["generated_code"] == CODE
    (interrupt,) = result["__interrupt__"]

    shown = client.threads.get(thread)
    assert shown["status"] == "interrupted"
    assert shown["metadata"]["graph_id"] == ASSISTANT and shown["metadata"]["who"] == "me"
    ((task, (pending,)),) = shown["interrupts"].items()
    assert pending == {"id": interrupt["id"], "value": interrupt["value"]}

    state = client.threads.get_state(thread)
    assert state["next"] == ["approve"] and state["interrupts"] == [pending]
    assert state["tasks"][0]["id"] == task and state["tasks"][0]["interrupts"] == [pending]
    at = state["checkpoint"]
    assert client.threads.get_state(thread, checkpoint=at)["values"] == state["values"]
    nowhere = client.threads.get_state(thread, checkpoint_id=str(uuid.uuid4()))
    assert nowhere["values"] == {} and nowhere["next"] == []

    for found in [
        client.threads.search(metadata={"graph_id": ASSISTANT}, status="interrupted"),
        client.threads.search(metadata={"who": "me"}),
        client.threads.search(values={"generated_code": CODE}),
        client.threads.search(ids=[thread], sort_by="created_at", sort_order="asc"),
    ]:
        assert [one["thread_id"] for one in found] == [thread], found
    assert client.threads.search(status="idle") == [] and client.threads.count(status="interrupted") == 1
    assert client.threads.search(select=["thread_id"]) == [{"thread_id": thread}]

    result = client.runs.wait(thread, ASSISTANT, command={"resume": {"approved": True}})
    assert result["status"] == "completed" and result["result"]["results"] == {"mean": 2.0}, result["result"]
    assert client.threads.get(thread)["status"] == "idle"

    runs = client.runs.list(thread)
    assert [run["status"] for run in runs] == ["success", "success"]
    assert runs[1]["run_id"] == created[0] and runs[1]["kwargs"]["input"]["request"]["code"] == CODE
    assert client.runs.get(thread, created[0])["assistant_id"] == client.assistants.search()[0]["assistant_id"]
    refused(404, lambda: client.runs.cancel(thread, created[0]))

    history = client.threads.get_history(thread, limit=20)
    assert [state["next"] for state in history][::-1] == [
        ["generate"], ["analyze"], ["approve"], ["execute"], ["process"], [],
    ]
    for earlier, state in zip(history[1:], history):
        assert state["parent_checkpoint"] == earlier["checkpoint"]
    before = client.threads.get_history(thread, before=history[1]["checkpoint"], limit=2)
    assert before == history[2:4]
    (first,) = client.threads.get_history(thread, metadata={"source": "input"})
    assert first["checkpoint"] == history[-1]["checkpoint"]

    copied = client.threads.copy(thread) or client.threads.search(limit=1)[0]
    assert copied["thread_id"] != thread
    client.threads.update(thread, metadata={"mark": 1})
    assert client.threads.get(thread)["metadata"]["mark"] == 1
    client.threads.delete(thread)
    refused(404, lambda: client.threads.get(thread), thread)
    refused(404, lambda: client.runs.wait(thread, ASSISTANT, input={"code": CODE}))
    assert all(one["thread_id"] != thread for one in client.threads.search())


def answers(client, url):
    thread, question = asked(client)
    wait = lambda **body: client.runs.wait(thread, ASSISTANT, **body)
    for answer in [None, {}, "maybe", {"approved": "true"}, [], {"0" * 32: {"approved": True}}]:
        body = {"assistant_id": ASSISTANT, "command": {"resume": answer}}
        response = httpx.post(f"{url}/threads/{thread}/runs/wait", json=body)
        assert response.status_code == (404 if answer and "0" * 32 in answer else 422), response.text
        assert client.threads.get_state(thread)["interrupts"][0]["id"] == question
    refused(422, lambda: wait(input={"code": CODE}, command={"resume": {"approved": True}}))
    asking = client.threads.get_state(thread)["checkpoint"]

    wait(command={"resume": {question: {"approved": True}}})
    for stale in [
        {"command": {"resume": {"approved": True}}},
        {"command": {"resume": {question: {"approved": False}}}},
        {"command": {"resume": {"approved": True}}, "checkpoint": asking},
    ]:
        body = refused(409, lambda: wait(**stale), question)
        assert body["code"] == "already_resolved"
        assert body["facts"]["by"]["name"] and body["facts"]["at"], body
    assert len(client.runs.list(thread)) == 2

    thread, question = asked(client)
    result = client.runs.wait(thread, ASSISTANT, command={"resume": {"approved": False, "reason": "no"}})
    assert result["status"] == "rejected", result["status"]

    # Nothing that steers passes the question.
    thread, question = asked(client)
    result = client.runs.wait(thread, ASSISTANT, command={"goto": "execute"})
    (again,) = result["__interrupt__"]
    assert again["id"] != question and result["execution_result"] is None
    client.threads.update_state(thread, {"generated_code": "results = {'other': 1}\n"})
    state = client.threads.get_state(thread)
    assert state["interrupts"][0]["id"] != again["id"] and state["values"]["execution_result"] is None
    refused(403, lambda: client.threads.update_state(thread, {"status": "completed"}))
    refused(400, lambda: client.threads.update_state(thread, {}, as_node="nowhere"))
    client.threads.update_state(thread, None, as_node="__end__")
    assert client.threads.get(thread)["status"] == "idle"


def streams(client, url):
    modes = ["values", "updates", "custom", "messages", "messages-tuple", "tasks", "checkpoints", "debug", "events"]
    thread = client.threads.create()["thread_id"]
    heard = {}
    parts = list(
        client.runs.stream(thread, ASSISTANT, input={"code": CODE}, stream_mode=modes, stream_resumable=True)
    )
    for part in parts:
        heard.setdefault(part.event, []).append(part.data)
    assert list(heard)[0] == "metadata" and list(heard)[-1] == "end", list(heard)
    assert [list(update)[0] for update in heard["updates"]] == ["generate", "analyze", "__interrupt__"]
    (interrupt,) = heard["updates"][-1]["__interrupt__"]
    assert [interrupt] == heard["values"][-1]["__interrupt__"]
    assert [sorted(task) for task in heard["tasks"][:2]] == [
        ["id", "input", "metadata", "name", "triggers"], ["error", "id", "interrupts", "name", "result"],
    ]
    assert {told["type"] for told in heard["debug"]} == {"checkpoint", "task", "task_result"}
    assert heard["checkpoints"][-1]["next"] == ["approve"]
    assert any(told["metadata"].get("langgraph_node") == "analyze" for told in heard["events"])
    run = heard["metadata"][0]["run_id"]

    # A client that comes back hears exactly what it has not heard.
    told = [(part.event, part.data) for part in parts]
    for seen, part in enumerate(parts):
        rest = client.runs.join_stream(thread, run, last_event_id=part.id, stream_mode=modes)
        assert [(part.event, part.data) for part in rest] == told[seen + 1 :], seen
    assert [part.event for part in client.runs.join_stream(thread, run, last_event_id="-1")][0] == "metadata"
    joined = client.runs.join(thread, run)
    assert joined["__interrupt__"][0]["id"] == interrupt["id"]

    parts = list(
        client.runs.stream(thread, ASSISTANT, command={"resume": {"approved": True}}, stream_mode=["values", "updates"])
    )
    assert [part.event for part in parts] == ["metadata", "values"] + ["updates", "values"] * 3 + ["end"]
    assert parts[-2].data["status"] == "completed" and parts[0].id is None

    (last,) = [part for part in client.runs.stream(None, ASSISTANT, input={"code": CODE}) if part.event == "values"][-1:]
    assert last.data["__interrupt__"]


def remote_graph(client, url):
    graph = RemoteGraph(ASSISTANT, url=url)
    config = {"configurable": {"thread_id": str(uuid.uuid4())}}
    assert "approve" in graph.get_graph().nodes
    graph.invoke({"code": CODE}, config)
    state = graph.get_state(config)
    assert state.next == ("approve",) and len(state.interrupts) == 1
    result = graph.invoke(Command(resume={"approved": True}), config)
    assert result["status"] == "completed"
    history = list(graph.get_state_history(config))
    assert [state.next for state in history] == [
        (), ("process",), ("execute",), ("approve",), ("analyze",), ("generate",),
    ]
    assert list(graph.get_state_history(config, before=history[2].config, limit=1))[0].next == ("approve",)

    # Forked from before the question, it is asked anew.
    forked = graph.update_state(history[4].config, {"generated_code": "results = {'n': 1}\n"}, as_node="generate")
    graph.invoke(None, {"configurable": {"thread_id": config["configurable"]["thread_id"]}})
    state = graph.get_state(config)
    assert state.next == ("approve",), (forked, state.next)


if __name__ == "__main__":
    name, url = sys.argv[1:]
    globals()[name](get_sync_client(url=url), url)
