import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

const api = process.env.XUEQING_API ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [vue()],
  server: { proxy: { "/v1": api } },
  // the charts are one chunk of about 530 kB (180 kB gzipped), loaded after the page
  build: { target: "es2022", chunkSizeWarningLimit: 600 },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts"] },
});
