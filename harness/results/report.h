#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/json.h"
#include "harness/results/report_document.h"

namespace crossover::harness {

/// The answer of each section of a summary in one sentence with its interval, in the order of the
/// sections. A section with many crossovers has one sentence for each.
std::vector<std::string> report_answers(const Json& summary);

/// The report of one run: answer, question, figures and tables of each section, what to trust
/// (noise floor, ceilings, what was set aside), machine, arms, method, how to reproduce.
/// `figures` are the SVG files of the run; `method_link` is the target of the link to METHOD.md,
/// empty for none.
Document make_report(const Json& manifest, const Json& summary,
                     const std::vector<std::filesystem::path>& figures,
                     const std::string& method_link);

/// One run in an index of reports.
struct IndexEntry {
  const Json* summary;
  std::string folder;  // relative to the index; holds report.md and report.html
};

/// An index of several reports; `file` is "report.md" or "report.html", what it links to.
Document make_index(const std::vector<IndexEntry>& entries, const std::string& file);

/// The comment at the top of a config, one string per paragraph: what the experiment asks.
std::vector<std::string> leading_comment(const std::string& config);

}  // namespace crossover::harness
