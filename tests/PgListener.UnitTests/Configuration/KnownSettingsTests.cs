using PgListener.Registration;

namespace PgListener.UnitTests.Configuration;

/// <summary>No setting is forgotten where settings have to be written one by one.</summary>
public class KnownSettingsTests
{
    [Fact]
    public void A_copy_of_a_handlers_settings_has_all_of_them()
    {
        var original = new HandlerOptions
        {
            QueueCapacity = 1,
            QueueCapacityBytes = 2,
            FullQueueMode = FullQueueMode.Drop,
            MaxBackpressure = TimeSpan.FromSeconds(3),
            MaxConcurrency = 4,
            Timeout = TimeSpan.FromSeconds(5),
        };
        foreach (var property in typeof(HandlerOptions).GetProperties())
        {
            Assert.NotEqual(property.GetValue(new HandlerOptions()), property.GetValue(original));
            Assert.Equal(property.GetValue(original), property.GetValue(new HandlerOptions(original)));
            Assert.Equal(property.GetValue(original), property.GetValue(new SubscriptionOptions(original)));
        }
    }

    [Fact]
    public void A_change_of_every_setting_is_reported()
    {
        Assert.Equal(Names(typeof(PgListenerOptions)), KnownSettings.OfListener.Select(setting => setting.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Names(typeof(HandlerOptions)), KnownSettings.OfHandler.Select(setting => setting.Name).Order(StringComparer.Ordinal));
        foreach (var setting in KnownSettings.OfListener)
            Assert.Equal(Value(new PgListenerOptions(), setting.Name), setting.Value(new()));
    }

    private static object? Value(object? options, string path)
        => path.Split(':').Aggregate(options, (value, name) => value!.GetType().GetProperty(name)!.GetValue(value));

    private static IEnumerable<string> Names(Type options) => OptionTree.Of(options).Select(setting => setting.Path).Order(StringComparer.Ordinal);
}
