// What the documents take for granted: the implicit usings of a web application and PgListener's, variables that are there, types of the
// reader's own. The usings of other libraries are written in each block, so that it compiles where it is pasted.
global using System;
global using System.Collections.Generic;
global using System.IO;
global using System.Linq;
global using System.Net.Http;
global using System.Net.Http.Json;
global using System.Threading;
global using System.Threading.Tasks;
global using Microsoft.AspNetCore.Builder;
global using Microsoft.AspNetCore.Hosting;
global using Microsoft.AspNetCore.Http;
global using Microsoft.AspNetCore.Routing;
global using Microsoft.Extensions.Configuration;
global using Microsoft.Extensions.DependencyInjection;
global using Microsoft.Extensions.Hosting;
global using Microsoft.Extensions.Logging;
global using PgListener;

var connectionString = "Host=localhost;Database=shop;Username=shop";
var cancellationToken = CancellationToken.None;
var builder = WebApplication.CreateBuilder();
var app = builder.Build();
var services = builder.Services;
var dataSource = Npgsql.NpgsqlDataSource.Create(connectionString);
var listener = new Listener(connectionString);
var publisher = new NotificationPublisher("Host=localhost;Database=shop");
var transaction = new Npgsql.NpgsqlConnection("Host=localhost;Database=shop").BeginTransaction();
var db = new OrdersContext();

public partial class Program;

public sealed class ShopDbContext
{
    public Task ShowAsync(long id, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ShowAllAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

public sealed class OrdersContext : Microsoft.EntityFrameworkCore.DbContext
{
    public Microsoft.EntityFrameworkCore.DbSet<Order> Orders => Set<Order>();
}

public sealed class Order
{
    public long Id { get; set; }

    public string Product { get; set; } = "";
}
