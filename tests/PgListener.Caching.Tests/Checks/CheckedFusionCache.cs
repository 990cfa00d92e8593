using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using PgListener.Backplane;
using PgListener.Caching.Tests.FusionCache;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane;

namespace PgListener.Caching.Tests.Checks;

/// <summary>
/// A FusionCache. It stores what a factory had read before a notification about it arrived, with any backplane. So a key is not read while it is being changed, and what is
/// checked is the backplane.
/// </summary>
internal sealed class CheckedFusionCache : ICheckedCache
{
    private readonly IFusionCache _cache;
    private readonly ConcurrentDictionary<string, (long Since, TaskCompletionSource Sent)> _unsent = new(StringComparer.Ordinal);

    public CheckedFusionCache(Instance instance, string channel)
    {
        _cache = instance.Fusion();
        Channel = BackplaneText.ChannelOf($"{channel}.Backplane:{FusionCacheOptions.BackplaneWireFormatVersion}");
        _cache.Events.Backplane.MessagePublished += (_, e) =>
        {
            if (e.Message.CacheKey is { } key && _unsent.TryGetValue(key, out var unsent) && e.Message.Timestamp >= unsent.Since)
                unsent.Sent.TrySetResult();
        };
    }

    public string Channel { get; }

    public static void Add(IServiceCollection services, string channel, IDistributedCache? shared = null)
        => FusionInstance.Add(services, channel, shared);

    public async ValueTask<long> GetAsync(string key, VersionTable source, Action onRead)
    {
        VersionTable.KeyLock? held = null;
        try
        {
            return await _cache.GetOrSetAsync<long>(key, async (_, _) =>
            {
                onRead();
                held = await source.LockAsync(key, isShared: true);
                return await source.ReadAsync(key);
            });
        }
        finally
        {
            if (held is not null)
                await held.DisposeAsync();
        }
    }

    public async Task<Task> WriteAsync(string key, long version, int how)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _unsent[key] = (DateTimeOffset.UtcNow.UtcTicks, sent);
        await (how switch
        {
            0 => _cache.RemoveAsync(key),
            1 => _cache.ExpireAsync(key),
            _ => _cache.SetAsync(key, version),
        });
        return sent.Task;
    }

    public string Fence(string key) => BackplaneText.Write(BackplaneMessage.CreateForEntryRemove("fence", key, DateTimeOffset.UtcNow.UtcTicks));

    public string? KeyOf(string payload)
    {
        BackplaneText.Read(payload, out var message, out _);
        return message?.CacheKey;
    }
}
