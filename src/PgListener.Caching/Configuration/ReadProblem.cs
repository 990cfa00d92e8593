using Npgsql;
using PgListener.Connections;

namespace PgListener.Configuration;

/// <summary>Explains why the table cannot be read, without any value that it contains.</summary>
internal static class ReadProblem
{
    public static string Of(Exception error, PostgresConfigurationOptions options) => error switch
    {
        PostgresException server when MayHaveValues(server) => $"{server.SqlState}. The server's message is not shown, because it may contain a value. Run the query that the table or view stands for.",
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable } => $"42P01: The table {Name(options.Table)} does not exist. Create it, or set {nameof(options.Table)}.",
        PostgresException { SqlState: PostgresErrorCodes.UndefinedColumn } server
            => $"42703: {OneLine(server.MessageText)}. Set {nameof(options.KeyColumn)}, {nameof(options.ValueColumn)} and {nameof(options.Where)} to columns of the table.",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } server => $"42501: {OneLine(server.MessageText)}. Grant the user USAGE on the schema and SELECT on the table.",
        OperationCanceledException => $"It took longer than {nameof(options.StartupTimeout)} ({options.StartupTimeout}).",
        ListenerStartException { InnerException: { } cause } => Of(cause, options),
        _ => Diagnosis.Of(error),
    };

    /// <summary>The cause to add to an exception, which a crash prints with its message.</summary>
    public static Exception? CauseOf(Exception error) => error is PostgresException server && MayHaveValues(server) ? null : error;

    /// <summary>
    /// Errors about data quote it, and a function may raise any error with any text. What the server itself says about connections, rights, names and the query contains none.
    /// </summary>
    private static bool MayHaveValues(PostgresException error)
        => !string.IsNullOrEmpty(error.Where)
            || error.SqlState is not (['0', '8', ..] or ['2', '8', ..] or ['3', 'D', ..] or ['4', '2', ..] or ['5', '3', ..] or ['5', '7', ..]);

    private static string Name(string table) => OneLine(table);

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
