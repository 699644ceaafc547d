/* main.tsx — where the browser begins. */
import { render } from "preact"
import { App, applyTheme } from "./app"
import { startRouter } from "./router"

applyTheme()
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme)
startRouter()
render(<App />, document.getElementById("app")!)
