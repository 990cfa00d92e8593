using System.Globalization;

namespace PgListener.Testing;

/// <summary>Commands to run inside a container of the image <c>postgres</c>, whose first process is an init process and not the server.</summary>
internal static class InContainer
{
    /// <summary>The exit code that says: this process is not one of the server.</summary>
    public const int NotOfTheServer = 3;

    // A backend is a child of the process that postmaster.pid names, and nothing else is.
    private const string SignalOne = """
        server=$(head -n 1 "$PGDATA/postmaster.pid") || exit 3
        [ "$2" = "$server" ] || grep -qs "^PPid:[[:space:]]*$server\$" "/proc/$2/status" || exit 3
        kill -"$1" "$2" || exit 3
        """;

    /// <summary>Freezes or thaws one process of the server, or all of them. Doing it twice is the same as once, and a frozen server can still be looked at.</summary>
    /// <remarks>Not <c>docker pause</c>: it refuses the second time, and stopping a container that is paused so lets it go on first.</remarks>
    public static string[] SetPaused(bool paused, int? processId)
    {
        var signal = paused ? "STOP" : "CONT";
        return processId is { } one
            ? ["sh", "-c", SignalOne, "sh", signal, one.ToString(CultureInfo.InvariantCulture)]
            : ["sh", "-c", "kill -\"$1\" -1", "sh", signal];
    }

    /// <summary>Gets the command that asks the server for its "fast" shutdown, after which the container ends too.</summary>
    public static string[] Stop { get; } = ["sh", "-c", "kill -INT \"$(head -n 1 \"$PGDATA/postmaster.pid\")\""];

    /// <summary>Gets the command that ends every process of the server, frozen ones too, after which the container ends.</summary>
    public static string[] Kill { get; } = ["sh", "-c", "kill -KILL -1"];

    /// <summary>Gets the command that succeeds when the server accepts connections.</summary>
    public static string[] IsReady { get; } = ["pg_isready", "--quiet", "--host", "127.0.0.1", "--username", "postgres"];
}
