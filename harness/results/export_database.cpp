#include "harness/results/export_database.h"

#include <fmt/format.h>

#include "harness/results/run_directory.h"

namespace crossover::harness {

Database::Database(const std::filesystem::path& path) : path_(path) {
  sqlite3* handle = nullptr;
  const int result = sqlite3_open(path.c_str(), &handle);
  handle_.reset(handle);
  if (result != SQLITE_OK) fail();
}

void Database::execute(const std::string& statements) {
  if (sqlite3_exec(handle(), statements.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

void Database::close() {
  if (sqlite3_close(handle()) != SQLITE_OK) fail();
  static_cast<void>(handle_.release());  // it is closed
}

void Database::fail() const {
  throw StorageError(
      fmt::format("cannot write {}: SQLite: {}", path_.string(), sqlite3_errmsg(handle())));
}

Insertion::Insertion(const Database& database, const std::string& table, std::size_t columns)
    : database_(database) {
  std::string places = "?";
  for (std::size_t i = 1; i < columns; ++i) places += ",?";
  const std::string text = fmt::format("INSERT OR REPLACE INTO {} VALUES ({})", table, places);
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database.handle(), text.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    database.fail();
  }
  statement_.reset(statement);
}

void Insertion::insert(const Json& row) {
  int place = 1;
  for (const Json& value : row) bind(place++, value);
  if (sqlite3_step(statement_.get()) != SQLITE_DONE) database_.fail();
  sqlite3_reset(statement_.get());
}

void Insertion::bind(int place, const Json& value) {
  sqlite3_stmt* statement = statement_.get();
  int result = SQLITE_OK;
  if (value.is_null()) {
    result = sqlite3_bind_null(statement, place);
  } else if (value.is_boolean()) {
    result = sqlite3_bind_int(statement, place, value.get<bool>() ? 1 : 0);
  } else if (value.is_number_integer()) {
    result = sqlite3_bind_int64(statement, place, value.get<std::int64_t>());
  } else if (value.is_number()) {
    result = sqlite3_bind_double(statement, place, value.get<double>());
  } else {
    const std::string text = value.is_string() ? value.get<std::string>() : text_of(value);
    result = sqlite3_bind_text(statement, place, text.c_str(), static_cast<int>(text.size()),
                               SQLITE_TRANSIENT);
  }
  if (result != SQLITE_OK) database_.fail();
}

}  // namespace crossover::harness
