using PgListener.Testing;

namespace PgListener.Bench;

/// <summary>The servers of a run: one for most scenarios, and one that loses nothing for those that write rows. Each is started when it is needed first.</summary>
/// <param name="options">The settings of the first.</param>
internal sealed class BenchServers(EphemeralPostgresOptions? options) : IAsyncDisposable
{
    private BenchServer? _common;
    private BenchServer? _onDisk;

    public async Task<BenchServer> ForAsync(IScenario scenario)
        => scenario.IsOnDisk ? _onDisk ??= await BenchServer.LaunchAsync(OnDisk.Options()) : _common ??= await BenchServer.LaunchAsync(options);

    public async ValueTask DisposeAsync()
    {
        if (_common is not null)
            await _common.DisposeAsync();
        if (_onDisk is not null)
            await _onDisk.DisposeAsync();
    }
}
