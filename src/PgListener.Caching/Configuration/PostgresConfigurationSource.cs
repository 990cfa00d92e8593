using Microsoft.Extensions.Configuration;

namespace PgListener.Configuration;

/// <summary>A table of settings as a source of a configuration.</summary>
/// <param name="connectionString">How to connect.</param>
/// <param name="options">The options, which no longer change.</param>
internal sealed class PostgresConfigurationSource(string connectionString, PostgresConfigurationOptions options) : IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => new PostgresConfigurationProvider(connectionString, options);
}
