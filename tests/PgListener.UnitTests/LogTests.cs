using System.Reflection;
using Microsoft.Extensions.Logging;

namespace PgListener.UnitTests;

public class LogTests
{
    [Fact]
    public void Every_event_has_an_id_of_its_own()
    {
        var ids = new[] { typeof(Listener).Assembly, typeof(IPgListener).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId)
            .OfType<int>()
            .ToArray();
        Assert.NotEmpty(ids);
        Assert.Equal(ids.Distinct(), ids);
    }
}
