using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using PgListener.Backplane;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Serialization.SystemTextJson;

namespace PgListener.Caching.Tests.FusionCache;

/// <summary>Instances with a FusionCache.</summary>
internal static class FusionInstance
{
    public static async Task<Instance> StartAsync(string connectionString, string channel, IDistributedCache? shared = null, Action<IFusionCacheBuilder>? configure = null)
    {
        var instance = new Instance(connectionString);
        Add(instance.Services, channel, shared, configure);
        await instance.StartAsync(names: []);
        return instance;
    }

    /// <summary>Starts it. A FusionCache subscribes when it is first asked for.</summary>
    public static async Task StartAsync(this Instance instance, params string[] names)
    {
        await instance.StartHostAsync();
        IFusionCache[] caches = names.Length > 0 ? [.. names.Select(instance.Provider.GetRequiredService<IFusionCacheProvider>().GetCache)] : [instance.Fusion()];
        for (var i = 0; i < caches.Length; i++)
            await instance.Listener.Gaps.NextAsync();
        await instance.Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).SoonAsync();
    }

    public static void Add(IServiceCollection services, string channel, IDistributedCache? shared = null, Action<IFusionCacheBuilder>? configure = null)
    {
        var builder = services.AddFusionCache()
            .WithOptions(options =>
            {
                (options.BackplaneChannelPrefix, options.AutoRecoveryDelay) = (channel, TimeSpan.FromMilliseconds(100));
                options.DefaultEntryOptions.AllowBackgroundBackplaneOperations = false;
                options.DefaultEntryOptions.AllowBackgroundDistributedCacheOperations = false;
                options.TagsDefaultEntryOptions.AllowBackgroundBackplaneOperations = false;
                options.TagsDefaultEntryOptions.AllowBackgroundDistributedCacheOperations = false;
            })
            .WithPgListenerBackplane();
        if (shared is not null)
            builder.WithDistributedCache(shared).WithSerializer(new FusionCacheSystemTextJsonSerializer());
        configure?.Invoke(builder);
    }

    public static IFusionCache Fusion(this Instance instance) => instance.Provider.GetRequiredService<IFusionCache>();

    /// <summary>Waits until an instance has handled a message of another one.</summary>
    public static Task HearsAsync(this Instance instance, Instance other) => instance.HearsAsync(other.Fusion().InstanceId);

    public static async Task HearsAsync(this Instance instance, string source)
    {
        string? found = null;
        while (found != source)
            BackplaneText.Read(await instance.Listener.Applied.NextAsync(), out _, out found);
    }

    public static async Task<string> GetAsync(this IFusionCache cache, string key, string value, params string[] tags)
        => await cache.GetOrSetAsync<string>(key, (_, _) => Task.FromResult(value), tags: tags, token: TestContext.Current.CancellationToken);
}
