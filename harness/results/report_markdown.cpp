#include <algorithm>
#include <fmt/format.h>

#include "harness/results/report_document.h"
#include "harness/results/tables.h"

namespace crossover::harness {
namespace {

/// Text in which nothing but `code` is Markdown. Brackets alone are not: intervals stay readable.
std::string escaped(const std::string& text) {
  const bool has_code = std::count(text.begin(), text.end(), '`') % 2 == 0;
  std::string result;
  bool code = false;
  for (const char character : text) {
    if (character == '`' && has_code) code = !code;
    const bool special = std::string("\\*<>").find(character) != std::string::npos ||
                         (character == '`' && !has_code);
    if (special && !code) result += '\\';
    result += character;
  }
  return result;
}

/// A fence that the text cannot close.
std::string fenced(const std::string& text) {
  std::string fence = "```";
  while (text.find(fence) != std::string::npos) fence += '`';
  return fmt::format("{}\n{}{}{}\n", fence, text, text.ends_with('\n') ? "" : "\n", fence);
}

struct Markdown {
  const std::filesystem::path& folder;

  std::string operator()(const Heading& heading) const { return "## " + escaped(heading.text); }
  std::string operator()(const Paragraph& paragraph) const { return escaped(paragraph.text); }
  std::string operator()(const Warning& warning) const {
    return "> **" + escaped(warning.text) + "**";
  }
  std::string operator()(const Code& code) const { return fenced(code.text); }

  std::string operator()(const Reference& reference) const {
    const std::string link = reference.target.empty()
                                 ? reference.link_text
                                 : fmt::format("[{}](<{}>)", reference.link_text, reference.target);
    return escaped(reference.text) + link;
  }

  std::string operator()(const Bullets& bullets) const {
    std::string list;
    for (const std::string& item : bullets.items) list += "- " + escaped(item) + "\n";
    return list;
  }

  std::string operator()(const Grid& grid) const {
    std::vector<std::vector<std::string>> rows = grid.rows;
    for (auto& row : rows) {
      for (std::string& field : row) field = escaped(field);
    }
    return markdown_rows(grid.columns, rows);
  }

  std::string operator()(const Figure& figure) const {
    const std::filesystem::path link = figure.svg.lexically_proximate(folder);
    return fmt::format("![{}](<{}>)", escaped(figure.caption), link.generic_string());
  }
};

}  // namespace

std::string as_markdown(const Document& document, const std::filesystem::path& folder) {
  std::string text = "# " + escaped(document.title) + "\n\n";
  for (const std::string& answer : document.answers) text += "- **" + escaped(answer) + "**\n";
  if (!document.answers.empty()) text += "\n";
  text += escaped(document.subtitle) + "\n";
  for (const Block& block : document.blocks) {
    const std::string part = std::visit(Markdown{folder}, block);
    text += "\n" + part + (part.ends_with('\n') ? "" : "\n");
  }
  return text;
}

}  // namespace crossover::harness
