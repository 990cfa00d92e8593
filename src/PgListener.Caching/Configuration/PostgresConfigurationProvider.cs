using Microsoft.Extensions.Configuration;

namespace PgListener.Configuration;

/// <summary>Gives a configuration the settings of a table.</summary>
internal sealed class PostgresConfigurationProvider(string connectionString, PostgresConfigurationOptions options) : ConfigurationProvider, IDisposable
{
    private SettingsFollower? _follower;

    /// <summary>Reads the table: the first time after the server listens to its changes, so that none is missed.</summary>
    /// <exception cref="ArgumentException">The connection string is wrong.</exception>
    /// <exception cref="InvalidOperationException">It cannot be read, and the application must not start without it.</exception>
    public override void Load() => Run(LoadAsync);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _follower, null) is not { } follower)
            return;

        // Something that reacts to a change may dispose of the configuration; it cannot wait for itself.
        if (follower.IsAnnouncing)
            Run(follower.EndAsync);
        else
            Run(() => follower.DisposeAsync().AsTask());
    }

    /// <summary>Names it in <c>GetDebugView()</c>.</summary>
    public override string ToString() => $"PostgreSQL table {options.Table.ReplaceLineEndings(" ")}";

    /// <summary>A configuration is read and disposed of synchronously. No context of the caller, which may be blocked, is needed to complete it.</summary>
    private static void Run(Func<Task> work) => Task.Run(work).GetAwaiter().GetResult();

    private async Task LoadAsync()
    {
        if (_follower is { } running)
        {
            await running.ReadAgainAsync().ConfigureAwait(false);
            return;
        }

        var follower = new SettingsFollower(connectionString, options, settings => Data = settings, OnReload);
        try
        {
            await follower.StartAsync().ConfigureAwait(false);
            _follower = follower;
        }
        catch
        {
            await follower.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
