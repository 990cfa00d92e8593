using Microsoft.Extensions.DependencyInjection;
using PgListener.HybridCaching;

namespace PgListener.Caching.Tests.Checks;

internal sealed class CheckedHybridCache(Instance instance, string channel) : ICheckedCache
{
    private readonly CoherentHybridCache _cache = (CoherentHybridCache)instance.Cache;

    public string Channel => channel;

    public static void Add(IServiceCollection services, string channel)
        => services.AddPgListenerCoherence(options => options.Channel = channel).AddHybridCache();

    public ValueTask<long> GetAsync(string key, VersionTable source, Action onRead)
        => _cache.GetOrCreateAsync(
            key,
            async _ =>
            {
                onRead();
                var version = await source.ReadAsync(key);
                await Task.Delay(Random.Shared.Next(0, 4), CancellationToken.None); // What was read grows old.
                return version;
            },
            tags: [$"tag of {key}"],
            cancellationToken: CancellationToken.None);

    public async Task<Task> WriteAsync(string key, long version, int how)
    {
        await (how switch
        {
            0 => _cache.RemoveAsync(key),
            1 => _cache.RemoveByTagAsync($"tag of {key}"),
            _ => _cache.SetAsync(key, version, tags: [$"tag of {key}"]),
        });
        return FlushAsync();
    }

    public string Fence(string key) => $$"""{"keys":["{{key}}"]}""";

    public string? KeyOf(string payload) => InvalidationMessage.Read(payload) is { Keys: [var key] } ? key : null;

    private async Task FlushAsync()
    {
        while (!await _cache.FlushAsync(CancellationToken.None))
        {
        }
    }
}
