import { defineConfig } from "vite";
import { licences } from "./licences.ts";

const server = process.env["STUDIO"] ?? "http://127.0.0.1:8765"; // for `npm run dev` alone

export default defineConfig({
  base: "./",
  build: {
    outDir: "../msgld/studio/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // worklets and images are files: the policy of the page allows no data: scripts
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  worker: { format: "es" },
  plugins: [licences()],
  server: { proxy: { "/api": server } },
});
