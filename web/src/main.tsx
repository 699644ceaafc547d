/* main.tsx — where the browser begins. */
import { render } from "preact"
import { App, applyTheme, arrive } from "./app"
import { exactTime } from "./format"
import { startRouter } from "./router"

applyTheme()
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme)
startRouter()
/* A short time says its exact one when somebody points at it: making them all beforehand would cost the first page. */
document.addEventListener("pointerover", (ev) => {
	const time = (ev.target as Element).closest?.("time[datetime]") as HTMLTimeElement | null
	if (time && !time.title) time.title = exactTime(time.dateTime)
})
void arrive().then((arrival) => render(<App arrival={arrival} />, document.getElementById("app")!))
