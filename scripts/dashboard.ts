/** `npm run dashboard`: writes ops/grafana-dashboard.json anew, from the queries of src/metrics. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dashboardText } from "./dashboard-text.ts";

const folder = join(import.meta.dirname, "../ops");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "grafana-dashboard.json"), dashboardText());
