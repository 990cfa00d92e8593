using Npgsql;

namespace PgListener.Durable.Tests.Retention;

/// <summary>A role that has what <c>reader-rights.sql</c> names, and nothing else.</summary>
internal static class ReaderRole
{
    public static async Task<NpgsqlDataSource> CreateAsync(LogDatabase database)
    {
        var name = $"reader_{Guid.NewGuid():n}";
        await using var stream = typeof(DurableChannelOptions).Assembly.GetManifestResourceStream("reader-rights.sql")!;
        using var reader = new StreamReader(stream);
        var rights = (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Replace("pglistener_reader", name, StringComparison.Ordinal);
        await database.ExecuteAsync($"create role {name} login password 'reader'; {rights}");
        return NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = name, Password = "reader" });
    }
}
