#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "harness/results/report_document.h"
#include "harness/results/report_style.h"
#include "harness/results/run_directory.h"

namespace crossover::harness {
namespace {

// Of characters; a longer field is broken into lines.
constexpr std::size_t longest_on_one_line = 56;

std::string escaped(const std::string& text) {
  std::string result;
  for (const char character : text) {
    switch (character) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += character;
    }
  }
  return result;
}

/// Escaped, with `code` marked as such.
std::string marked(const std::string& text) {
  std::string plain = escaped(text);
  if (std::count(plain.begin(), plain.end(), '`') % 2 != 0) return plain;
  std::string result;
  bool code = false;
  for (const char character : plain) {
    if (character != '`') {
      result += character;
      continue;
    }
    result += code ? "</code>" : "<code>";
    code = !code;
  }
  return result;
}

/// RFC 4648; neither the standard library nor Boost 1.74 has a public one.
std::string base64(const std::string& bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += j <= count ? digits[group >> (18 - 6 * j) & 63U] : '=';
    }
  }
  return text;
}

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw StorageError("cannot read " + path.string());
  return text.str();
}

/// Whether every field of a column is a bare number: such columns are set flush right.
bool is_numeric(const Grid& grid, std::size_t column) {
  return std::all_of(grid.rows.begin(), grid.rows.end(), [&](const auto& row) {
    const std::string& field = row[column];
    return field.find_first_not_of("0123456789.+-eE") == std::string::npos &&
           (field.empty() || field.find_first_of("0123456789") != std::string::npos);
  });
}

struct Html {
  std::string operator()(const Heading& heading) const {
    return fmt::format("<h2>{}</h2>", marked(heading.text));
  }
  std::string operator()(const Paragraph& paragraph) const {
    return fmt::format("<p>{}</p>", marked(paragraph.text));
  }
  std::string operator()(const Warning& warning) const {
    return fmt::format("<p class=\"warning\">{}</p>", marked(warning.text));
  }
  std::string operator()(const Code& code) const {
    return fmt::format("<pre><code>{}</code></pre>", escaped(code.text));
  }

  std::string operator()(const Reference& reference) const {
    const std::string link = reference.target.empty()
                                 ? escaped(reference.link_text)
                                 : fmt::format("<a href=\"{}\">{}</a>", escaped(reference.target),
                                               escaped(reference.link_text));
    return fmt::format("<p>{}{}</p>", marked(reference.text), link);
  }

  std::string operator()(const Bullets& bullets) const {
    std::string list = "<ul>\n";
    for (const std::string& item : bullets.items) list += "<li>" + marked(item) + "</li>\n";
    return list + "</ul>";
  }

  std::string operator()(const Grid& grid) const {
    std::string table = "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>";
    std::vector<const char*> kinds;
    for (std::size_t i = 0; i < grid.columns.size(); ++i) {
      kinds.push_back(is_numeric(grid, i) ? " class=\"number\"" : "");
      table += fmt::format("<th scope=\"col\"{}>{}</th>", kinds[i], escaped(grid.columns[i]));
    }
    table += "</tr></thead>\n<tbody>\n";
    for (const auto& row : grid.rows) {
      table += "<tr>";
      for (std::size_t i = 0; i < row.size(); ++i) {
        const bool is_long = row[i].size() > longest_on_one_line;
        table +=
            fmt::format("<td{}>{}</td>", is_long ? " class=\"long\"" : kinds[i], escaped(row[i]));
      }
      table += "</tr>\n";
    }
    return table + "</tbody></table></div>";
  }

  std::string operator()(const Figure& figure) const {
    return fmt::format(
        "<figure><img alt=\"{0}\" src=\"data:image/svg+xml;base64,{1}\">\n"
        "<figcaption>{0}</figcaption></figure>",
        escaped(figure.caption), base64(file_text(figure.svg)));
  }
};

std::string answer_box(const std::vector<std::string>& answers) {
  if (answers.empty()) return "";
  std::string box = "<section class=\"answer\" aria-label=\"Answer\">\n";
  for (const std::string& answer : answers) box += "<p>" + marked(answer) + "</p>\n";
  return box + "</section>\n";
}

}  // namespace

std::string as_html(const Document& document) {
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}: {1}</title>\n<style>\n{2}</style>\n</head>\n<body>\n<main>\n"
      "<h1>{0}</h1>\n{3}<p class=\"subtitle\">{1}</p>\n",
      escaped(document.title), escaped(document.subtitle), report_style,
      answer_box(document.answers));
  for (const Block& block : document.blocks) text += std::visit(Html{}, block) + "\n";
  return text + "</main>\n</body>\n</html>\n";
}

}  // namespace crossover::harness
