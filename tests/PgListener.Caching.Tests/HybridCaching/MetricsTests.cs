using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace PgListener.Caching.Tests.HybridCaching;

public sealed class MetricsTests(ServerFixture server)
{
    [Fact]
    public async Task What_is_sent_received_refused_and_cleared_is_counted()
    {
        var channel = ServerFixture.NewChannel();
        await using var one = await Instance.StartAsync(server.ConnectionString, channel);
        await using var two = await Instance.StartAsync(server.ConnectionString, channel);
        MetricCollector<long> Collect(Instance instance, string name) => new(instance.Provider.GetRequiredService<IMeterFactory>(), PgListenerDiagnostics.MeterName, name);
        using var sent = Collect(one, HybridCacheInstruments.InvalidationsSent);
        using var received = Collect(two, HybridCacheInstruments.InvalidationsReceived);
        using var refused = Collect(two, HybridCacheInstruments.Refused);
        using var cleared = Collect(two, HybridCacheInstruments.Cleared);
        var reading = new Reading();
        var read = two.GetHeldAsync(reading, "old", CancellationToken.None);
        await reading.HasBegun.SoonAsync();

        await one.Cache.RemoveAsync(["a", "b"], TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        reading.End();
        await read.SoonAsync();
        await two.CutAsync();
        two.Connect();
        await two.Listener.Gaps.NextAsync();

        Assert.Equal((2, 2, 1, 1), (Total(sent), Total(received), Total(refused), Total(cleared)));
        Assert.All(sent.GetMeasurementSnapshot(), measurement => Assert.Equal(channel, measurement.Tags[HybridCacheInstruments.CacheTag]));
    }

    private static long Total(MetricCollector<long> collector) => collector.GetMeasurementSnapshot().Sum(measurement => measurement.Value);
}
