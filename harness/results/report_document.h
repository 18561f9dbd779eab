#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace crossover::harness {

// A report before it is Markdown or HTML. Texts are plain; `backticks` mark code.

struct Heading {
  std::string text;
};

struct Paragraph {
  std::string text;
};

/// A sentence with a link behind it.
struct Reference {
  std::string text;
  std::string link_text;
  std::string target;  // as it stands in the file; empty for no link
};

/// What the reader must see.
struct Warning {
  std::string text;
};

struct Bullets {
  std::vector<std::string> items;
};

struct Grid {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

struct Figure {
  std::string caption;
  std::filesystem::path svg;
};

/// Verbatim text.
struct Code {
  std::string text;
};

using Block = std::variant<Heading, Paragraph, Reference, Warning, Bullets, Grid, Figure, Code>;

struct Document {
  std::string title;
  std::string subtitle;
  std::vector<std::string> answers;  // shown above everything else
  std::vector<Block> blocks;
};

/// Markdown with figures linked relative to `folder`, where the file will stand.
std::string as_markdown(const Document& document, const std::filesystem::path& folder);

/// One HTML file that needs nothing else: figures and style are embedded. Throws StorageError where
/// a figure cannot be read.
std::string as_html(const Document& document);

}  // namespace crossover::harness
