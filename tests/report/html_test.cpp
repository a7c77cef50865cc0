// The page of a report: every figure is in it, foreign names cannot become markup, and it asks for nothing outside itself.
#include "report/html.h"

#include <doctest/doctest.h>

using namespace mo;

namespace {

report::Report hostile() {
  report::QuantizationFacts facts;
  facts.before.digest = "sha256:before";
  facts.after.digest = "sha256:after";
  facts.before.file_bytes = 1000;
  facts.after.file_bytes = 270;
  quantize::NodeOutcome conv, soft;
  conv.node = "<script>alert(1)</script>";
  conv.op = "Conv";
  conv.quantized = true;
  conv.snr_db = 31.25;
  conv.cosine = 0.999;
  soft.node = "soft\"max";
  soft.op = "Softmax";
  soft.reason = "kept & float";
  facts.nodes = {conv, soft};
  facts.warnings = {"a <b> warning"};
  facts.options = "{}";
  return report::quantization_report(facts);
}

bool has(const std::string& page, const std::string& part) { return page.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the page shows both models, the ratio and every node") {
  std::string page = report::html(hostile());
  CHECK(has(page, "<h1>Quantization</h1>"));
  CHECK(has(page, "sha256:before"));
  CHECK(has(page, "sha256:after"));
  CHECK(has(page, "<td class=n>1000</td><td class=n>270</td><td class=n>0.27</td>"));
  CHECK(has(page, "<td class=n>31.25</td>"));
  CHECK(has(page, "<h2>nodes (2)</h2>"));
}

TEST_CASE("names and reasons from a model are text, never markup") {
  std::string page = report::html(hostile());
  CHECK_FALSE(has(page, "<script"));
  CHECK_FALSE(has(page, "<b>"));
  CHECK(has(page, "&lt;script&gt;alert(1)"));
  CHECK(has(page, "soft&quot;max"));
  CHECK(has(page, "kept &amp; float"));
}

TEST_CASE("the page loads nothing") {
  std::string page = report::html(hostile());
  for (const char* word : {"http:", "https:", "src=", "href=", "@import", "url("}) CHECK_FALSE(has(page, word));
}
