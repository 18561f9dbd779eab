#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/cell.h"
#include "harness/results/evidence.h"

namespace crossover::harness {

/// Keeps the order of insertion, so that files read in the order in which they are documented.
using Json = nlohmann::ordered_json;

/// The document as text; bytes that are not UTF-8 become U+FFFD, since a comment in a config or the
/// last words of a crashing kernel must not stop a run. Indentation as in Json::dump().
inline std::string text_of(const Json& document, int indentation = -1) {
  return document.dump(indentation, ' ', false, Json::error_handler_t::replace);
}

template <class T>
Json nullable(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <class T>
std::optional<T> optional_from(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return found->template get<T>();
}

Json to_json(const Problem& problem);
Problem problem_from(const Json& object);

Json to_json(const Settings& settings);
Settings settings_from(const Json& object);

/// The members of a row; see results/README.md for the schema. The readers throw
/// std::invalid_argument where one is missing, of another type or out of range; see StoredValue.
Json to_json(const CellFacts& facts);
CellFacts cell_facts_from(const Json& row);
Json to_json(const Sample& sample);
Sample sample_from(const Json& row);

}  // namespace crossover::harness
