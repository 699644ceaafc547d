/* examples.tsx — the parts of the console side by side, in every state: what a page may be made of. */
import { useState } from "preact/hooks"
import { now } from "../api"
import { PageHead } from "../app"
import { type Clock, type Ticket } from "../model"
import { t } from "../words"
import { Button, CheckField, Chip, FormDialog, Loading, Nothing, Panel, Priority, say, Segmented, SelectField, Severity, Shown, StateChip, TextField } from "../ui/basics"
import { Chart } from "../ui/chart"
import { SmallClock } from "../ui/clocks"
import { TicketList } from "../ui/ticketlist"
import { Timeline } from "../ui/timeline"
import { Trouble } from "../api"

const at = (ms: number) => new Date(now() + ms).toISOString()
const clock = (state: Clock["state"], left: number, limit: number): Clock => ({ state, limit_ms: limit, spent_ms: limit - left, breached: left < 0, deadline: state === "running" ? at(left) : null, stopped: state === "stopped" ? at(-6e4) : null })
const example = (n: number, priority: string, state: string, pickup: Clock, resolution: Clock): Ticket => ({
	number: n, customer: "example", priority, state, title: "An example of a ticket with a title of ordinary length", opened: at(-36e5), changed: at(-6e5), assignee: state === "new" ? "" : "first", suspension: state === "suspended" ? "customer" : "", clocks: { pickup, resolution },
})

export function Examples() {
	const [text, setText] = useState("")
	const [seg, setSeg] = useState("a")
	const [dialog, setDialog] = useState(false)
	const wave = Array.from({ length: 120 }, (_, i): [number, number] => [Math.floor(now() / 1000) - (120 - i) * 30, 50 + 30 * Math.sin(i / 9) + (i % 7)])
	return (
		<>
			<PageHead title={t("examples")} />
			<div class="page">
				<Panel title="Buttons">
					<div class="row flow">
						<Button kind="primary">Primary</Button>
						<Button>Ordinary</Button>
						<Button kind="danger">Danger</Button>
						<Button kind="plain">Plain</Button>
						<Button disabled>Disabled</Button>
						<Button icon="plus" keys="n">With sign and key</Button>
						<Button small>Small</Button>
						<Segmented label="Choice" value={seg} onInput={setSeg} options={[["a", "One"], ["b", "Two"], ["c", "Three"]]} />
					</div>
				</Panel>
				<Panel title="Words with a tone">
					<div class="row flow">
						{["critical", "high", "medium", "low"].map((p) => <Priority of={p} key={p} />)}
						{["proposed", "new", "assigned", "in_progress", "suspended", "closed"].map((s) => <StateChip of={s} key={s} />)}
						{["critical", "warning", "info", ""].map((s) => <Severity of={s} key={s} />)}
						<Chip tone="good" icon="check">Good</Chip>
					</div>
				</Panel>
				<Panel title="Clocks and rows" bare>
					<TicketList
						height="300px"
						tickets={[
							example(101, "critical", "new", clock("running", -6e5, 9e5), clock("running", 36e5, 144e5)),
							example(102, "high", "new", clock("running", 12e4, 9e5), clock("running", 36e5, 144e5)),
							example(103, "medium", "in_progress", clock("stopped", 5e5, 9e5), clock("running", 96e5, 144e5)),
							example(104, "low", "suspended", clock("stopped", 5e5, 9e5), clock("standing", 96e5, 144e5)),
						]}
					/>
					<div class="inside" style={{ padding: "12px", maxWidth: "260px" }}>
						<SmallClock name="pickup" of={clock("running", 5e5, 9e5)} />
					</div>
				</Panel>
				<Panel title="Fields">
					<div class="grid2">
						<TextField label="Text" value={text} onInput={setText} hint="A hint says what is expected." />
						<TextField label="Wrong" value="abc" onInput={() => undefined} wrong="A phone number begins with + and digits." />
						<SelectField label="Choice" value="a" onInput={() => undefined} options={[["a", "First"], ["b", "Second"]]} />
						<TextField label="When" type="datetime-local" value="" onInput={() => undefined} />
						<CheckField label="Yes or no" checked onInput={() => undefined} />
					</div>
					<div class="row" style={{ marginTop: "12px" }}>
						<Button onClick={() => setDialog(true)}>Dialog</Button>
						<Button onClick={() => say("Done, and said so.")}>Toast</Button>
						<Button onClick={() => say("Refused, and why.", "critical")}>Toast, refused</Button>
					</div>
				</Panel>
				<Panel title="Chart">
					<Chart height={180} lines={[{ label: "wave", points: wave }]} label="An example of a chart" />
				</Panel>
				<div class="grid2">
					<Panel title="Empty" bare>
						<Nothing title="Nothing is here.">What would be here, and how it comes.</Nothing>
					</Panel>
					<Panel title="Loading" bare>
						<Loading rows={3} />
					</Panel>
					<Panel title="Failed" bare>
						<Shown of={{ loading: false, trouble: new Trouble(503, "The ledger cannot be read."), again: () => undefined }}>{() => null}</Shown>
					</Panel>
				</div>
				<Panel title="Timeline" bare>
					<Timeline
						events={[
							{ seq: 1, chain: "", at: at(-36e5), kind: "ticket_opened", subject: "ticket/101", actor: "engine", text: "Opened for alert Example", facts: {} },
							{ seq: 2, chain: "", at: at(-35e5), kind: "page_sent", subject: "ticket/101", actor: "engine", text: "call to first", facts: {} },
							{ seq: 3, chain: "", at: at(-34e5), kind: "ticket_message", subject: "ticket/101", actor: "user/first", text: "A message", facts: { message: "We are looking at it.", audience: "customer" } },
						]}
					/>
				</Panel>
			</div>
			{dialog && (
				<FormDialog title="A dialog" done="Do it" onClose={() => setDialog(false)} onSend={async () => undefined}>
					<TextField label="Why" value={text} onInput={setText} rows={3} autofocus />
				</FormDialog>
			)}
		</>
	)
}
